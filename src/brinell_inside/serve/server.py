"""The loop that stands where pytest would run its tests: waits, forks, reaps. PYTEST_DONT_REWRITE.

It never runs a test and never waits without a limit. Children are of two kinds only: in ``_running``, or reaped.
"""

import gc
import json
import os
import select
import signal
import sys
import time
from collections import deque
from contextlib import suppress

from brinell_inside.jsontext import encode
from brinell_inside.serve.child import looks_at_files, run_here, run_job
from brinell_inside.serve.company import Companies
from brinell_inside.serve.drawn import Drawn
from brinell_inside.serve.forkable import adopt_orphans, end_with_parent, fork, orphans, why_not
from brinell_inside.serve.project_files import ProjectFiles
from brinell_inside.serve.relay import Relay
from brinell_inside.serve.resources import remove_created
from brinell_inside.serve.scratch import new_folder, remove
from brinell_inside.serve.settle import settle, stops_early
from brinell_inside.serve.touched import TOUCHED, read_log

_HIGH_FD = 600  # out of the way of tests that close low descriptors
_POLL_MS = 1  # without pidfd (Python 3.8) children are looked for this often
_TERM_S = 0.5
_MOST_CHUNKS = 10000  # in a queue: their numbers fit into a pipe; the last one has the rest


class Slot:
    """Where one child at a time writes: its lines to ``wire``, its output to ``out``."""

    def __init__(self, wire, out):
        self.wire = _high(wire)
        self.out = _high(out)

    def say(self, record):
        """A line of the server's own. A newline first: the child may have died in the middle of one."""
        with suppress(OSError):
            data = ("\n" + encode(record) + "\n").encode("ascii")
            while data:
                data = data[os.write(self.wire, data) :]


class Running:
    """A child at work."""

    def __init__(self, job, slot, pid, scratch):
        self.job = job
        self.scratch = scratch
        self.slot = slot
        self.pid = pid
        self.begun = time.monotonic()
        self.since = time.time() - 1  # files have a coarser clock
        self.deadline = self.begun + float(job.get("deadline_s") or 3600.0)
        self.how = None  # why we ended it, if we did
        self.pidfd = None
        if hasattr(os, "pidfd_open"):
            with suppress(OSError):
                self.pidfd = os.pidfd_open(pid)


class Server:
    """Serves jobs on ``control`` until it is told to quit; registered as a plug-in by ``loaded.py``."""

    def __init__(self, wire, control, slots, scratch=None):
        self._wire = wire
        self._scratch = scratch
        self._failed = 0
        self._said = {}  # with the command to quit
        self._relay = None
        self._shared = (None, None)  # the last queue: its chunks, and the pipe from which children take their numbers
        self._control = _high(control)
        self._slots = [Slot(*pair) for pair in slots]
        self._free = list(reversed(self._slots))
        self._queue = deque()
        self._running = {}
        self._rest = b""
        self._open = True
        self._files = None
        self._drawn = None
        self._companies = Companies(lambda: new_folder(scratch), remove)

    def serve(self, session):
        """Stand in for ``pytest_runtestloop``; returns when the tool has had enough."""
        settle(session.config)
        reason = why_not()
        self._say_items(session.items)
        self._wire.send(encode({"kind": "ready", "forkable": not reason, "why": reason, "stops": stops_early()}) + "\n")
        if reason:
            return
        adopt_orphans()
        self._files = ProjectFiles(str(session.config.rootpath), self._scratch)
        self._drawn = Drawn(self._scratch)
        self._relay = Relay(session.config, self._scratch)
        gc.collect()
        gc.freeze()
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        try:
            self._loop(session)
            self._relay.tell(session.items, self._said)
            _say_no_counts(session.config)
        finally:
            for running in list(self._running.values()):
                self._kill(running, "killed")
                self._reap(running, os.waitpid(running.pid, 0)[1])
            self._end_orphans()
            self._companies.close()
            self._files.close()
            self._relay.close()
            self._drawn.close()
            self._share(None)
            gc.unfreeze()
            session.testsfailed += self._failed

    def _say_items(self, items):
        ids, size, first = [], 0, 0
        for number, item in enumerate(items):
            ids.append(item.nodeid)
            size += len(item.nodeid) + 3
            if size > 30000 or number == len(items) - 1:
                self._wire.send(encode({"kind": "items", "from": first, "ids": ids}, 16384) + "\n")
                ids, size, first = [], 0, number + 1

    def _loop(self, session):
        while self._open or self._running:
            self._start_jobs(session)
            self._wait()
            self._reap_ended()
            now = time.monotonic()
            for running in list(self._running.values()):
                if now > running.deadline and running.how is None:
                    self._kill(running, "deadline")

    def _wait(self):
        poll = select.poll()
        if self._open:
            poll.register(self._control, select.POLLIN)
        timeout_ms = 1000
        for running in self._running.values():
            timeout_ms = min(timeout_ms, max(1, int((running.deadline - time.monotonic()) * 1000) + 1))
            if running.pidfd is None:
                timeout_ms = _POLL_MS
            else:
                poll.register(running.pidfd, select.POLLIN)
        if any(fd == self._control for fd, _ in poll.poll(timeout_ms)):
            self._read_control()

    def _read_control(self):
        data = os.read(self._control, 1 << 16)
        if not data:
            self._quit()
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            command = json.loads(line.decode("ascii"))
            if command["op"] == "run":
                self._take(command)
            elif command["op"] == "kill":
                self._cancel(command["job"])
            elif command["op"] == "interrupt":
                self._interrupt()
            else:
                self._said = command
                self._failed = int(command.get("failed") or 0)
                self._quit()

    def _take(self, command):
        if "queue" in command:
            self._share(command["queue"])
        for job in command["jobs"]:
            if job.get("pull"):
                job["_chunks"], job["_tokens"] = self._shared
            self._queue.append(job)

    def _share(self, chunks):
        """Replace the shared queue. Whoever reads four bytes owns that chunk: no lock, however the readers die."""
        if self._shared[1] is not None:
            os.close(self._shared[1])
        self._shared = (None, None)
        if chunks is None:
            return
        if len(chunks) > _MOST_CHUNKS:
            chunks = [*chunks[: _MOST_CHUNKS - 1], [step for chunk in chunks[_MOST_CHUNKS - 1 :] for step in chunk]]
        reading, writing = os.pipe()
        os.write(writing, b"".join(number.to_bytes(4, "big") for number in range(len(chunks))))
        os.close(writing)
        self._shared = (chunks, _high(reading))

    def _interrupt(self):
        self._queue.clear()
        for running in self._running.values():
            with suppress(OSError):
                os.kill(running.pid, signal.SIGINT)

    def _quit(self):
        self._open = False
        self._queue.clear()
        for running in self._running.values():
            self._kill(running, "killed")

    def _cancel(self, number):
        for running in self._running.values():
            if running.job["job"] == number:
                self._kill(running, "killed")
        for job in [job for job in self._queue if job["job"] == number]:
            self._queue.remove(job)

    def _start_jobs(self, session):
        while self._queue and self._free:
            job = self._queue[0]
            if self._running and (job.get("alone") or any(r.job.get("alone") for r in self._running.values())):
                return
            if not self._companies.may_begin(job, len(self._free), len(self._slots)):
                return
            self._queue.popleft()
            self._fork(session, job, self._free.pop())

    def _fork(self, session, job, slot):
        if looks_at_files(job):
            self._files.remember()
        if self._drawn is not None:
            self._drawn.put_back(alone=not self._running)
        scratch, server = None, os.getpid()
        try:
            scratch = new_folder(self._scratch)
            job["_company"] = self._companies.folder(job)
            pid = fork()
        except OSError as error:
            if scratch is not None:
                remove(scratch)
            slot.say({"kind": "end", "job": job["job"], "how": "fork", "status": error.errno, "seconds": 0.0})
            self._free.append(slot)
            return
        if pid == 0:
            end_with_parent(server)
            self._be_child(session, job, slot, scratch)
        with suppress(OSError):  # the child does it as well: whoever is first
            os.setpgid(pid, pid)
        self._running[pid] = Running(job, slot, pid, scratch)

    def _be_child(self, session, job, slot, scratch):
        status = 97
        try:
            os.setpgid(0, 0)
            os.close(self._control)
            for other in self._slots:
                if other is not slot:
                    os.close(other.wire)
                    os.close(other.out)
            for running in self._running.values():
                if running.pidfd is not None:
                    os.close(running.pidfd)
            self._running.clear()
            status = run_job(session, job, (slot.wire, slot.out), self._files, scratch, self._relay)
        finally:
            os._exit(status)

    def _kill(self, running, how):
        running.how = running.how or how
        for kill, target in ((os.killpg, running.pid), (os.kill, running.pid)):
            with suppress(OSError):
                kill(target, signal.SIGKILL)

    def _reap_ended(self):
        for running in list(self._running.values()):
            pid, status = os.waitpid(running.pid, os.WNOHANG)
            if pid:
                self._reap(running, status)

    def _reap(self, running, status):
        del self._running[running.pid]
        if running.pidfd is not None:
            os.close(running.pidfd)
        with suppress(OSError):  # what it left in its process group
            os.killpg(running.pid, signal.SIGKILL)
        if not self._running:
            self._end_orphans()
        touched = read_log(os.path.join(running.scratch, TOUCHED)) if running.job.get("alone") else ()
        self._companies.leave(running.job, lambda: _tidy(running))
        if touched:
            changed = self._files.restore(touched)
            if changed:
                running.slot.say({"kind": "files", "changed": changed})
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        how = running.how or ("exit" if code >= 0 else "signal")
        seconds = round(time.monotonic() - running.begun, 6)
        running.slot.say({"kind": "end", "job": running.job["job"], "how": how, "status": code, "seconds": seconds})
        self._free.append(running.slot)

    def _end_orphans(self):
        """End what left its child's process group and outlived it; only while no child could be its parent."""
        end = time.monotonic() + _TERM_S
        while time.monotonic() < end:
            left = orphans()
            for pid in left:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
            if not left:
                return


def _tidy(running):
    remove_created(running.scratch, running.since)
    remove(running.scratch)


def serve(wire, session, control, slots, scratch):
    """Serve jobs in children, one for each of ``slots``; without slots do the first job in this process."""
    if slots:
        Server(wire, control, slots, scratch).serve(session)
        return
    settle(session.config)
    with os.fdopen(control, "rb") as commands:
        command = json.loads(commands.readline().decode("ascii"))
    run_here(session, command["jobs"][0], wire, scratch)


def _say_no_counts(config):
    """The last line of pytest's report would be "no tests ran"."""
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if hasattr(terminal, "summary_stats"):
        terminal.summary_stats = lambda: None


def _high(fd):
    """Move an inherited descriptor out of the way, closed on exec."""
    import fcntl  # noqa: PLC0415 - where there is no fcntl there is no fork server either

    for lowest in (_HIGH_FD, 128, 3):
        with suppress(OSError):
            high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)
            os.close(fd)
            return high
    return fd

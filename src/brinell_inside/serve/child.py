"""What a child does: makes the inherited pytest its own, takes its steps, says what came out. PYTEST_DONT_REWRITE.

The same code takes the steps in a fresh process where forking is not sound (``run_here``).
"""

import copy
import os
import tempfile
import time
import traceback
from contextlib import suppress

import pytest

from brinell_inside.jsontext import encode
from brinell_inside.serve.company import Company
from brinell_inside.serve.coverage_data import keep_coverage, stop_coverage
from brinell_inside.serve.forkable import tell_kills
from brinell_inside.serve.listen import Listener, RecordsListener
from brinell_inside.serve.outside import ROOT
from brinell_inside.serve.project_files import ProjectFiles
from brinell_inside.serve.resources import Resources, remove_created
from brinell_inside.serve.scratch import move_in, new_folder, remove
from brinell_inside.serve.settle import repeat_again
from brinell_inside.serve.touched import TOUCHED, Touched
from brinell_inside.serve.worker import be_worker, draw_anew
from brinell_inside.wire import Wire

_FILE = "file:"  # root of a changed file, by its path in the project


def run_job(session, job, slot_fds, files, scratch, relay):  # noqa: PLR0917 - one caller
    """In the forked child: the whole job. Returns the exit status for ``os._exit``; who forked removes ``scratch``."""
    wire_fd, out_fd = slot_fds
    wire = Wire(os.dup(wire_fd))
    os.close(wire_fd)
    try:
        own_streams(session.config, out_fd)
        move_in(session.config, scratch, None if (job.get("beside") or {}).get("own") else job.get("_company"))
        reports = relay.child_of(job)
        if reports is not None:
            session.config.pluginmanager.register(reports, "brinell-relay")
        _Steps(session, job, wire, scratch, files).run()
    except BaseException as error:  # noqa: BLE001 - SystemExit included: the tool must hear of it
        _say_error(wire, "job", error)
    finally:
        wire.close()
    return 0


def run_here(session, job, wire, parent):
    """In a fresh process: the whole job, without a fork; ``wire`` stays open."""
    scratch, pid, since = new_folder(parent), os.getpid(), time.time() - 1
    move_in(session.config, scratch)
    files = ProjectFiles(str(session.config.rootpath), parent)
    if looks_at_files(job):
        files.remember()
    try:
        _Steps(session, job, wire, scratch, files).run()
    finally:
        if os.getpid() == pid:  # a test may fork
            files.close()
            remove_created(scratch, since)
            remove(scratch)


def looks_at_files(job):
    """Whether files of the project matter to this job: it runs alone, is watched, or marks state."""
    return bool(job.get("alone") or job.get("watch") or any(not isinstance(step, int) for step in job["steps"]))


def _say_error(wire, where, error):
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))[-4000:]
    with suppress(Exception):
        wire.send(encode({"kind": "error", "where": where, "text": text}, 8192) + "\n")


def own_streams(config, out_fd):
    """Standard output and error become the slot's; pytest's capture goes on with files of this child's own.

    Inherited capture files share their offset with every sibling. The stream objects stay: modules that kept
    ``sys.stdout`` when they were imported compare it with the one that tests see. Capture is suspended between
    tests, so that 1 and 2 are as pytest found them, and its copies of them are what it goes back to.
    """
    capture = config.pluginmanager.getplugin("capturemanager")
    streams = getattr(capture, "_global_capturing", None)
    for stream in (getattr(streams, "out", None), getattr(streams, "err", None)):
        if hasattr(stream, "targetfd_save"):  # by descriptor; what sys.stdout alone catches is in memory, and a copy
            os.dup2(out_fd, stream.targetfd_save, inheritable=False)
            with tempfile.TemporaryFile(buffering=0) as own:
                os.dup2(own.fileno(), stream.tmpfile.fileno(), inheritable=False)
    for target in (1, 2):
        os.dup2(out_fd, target)
    os.close(out_fd)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


class _Steps:
    """The steps of one job, in order."""

    def __init__(self, session, job, wire, scratch, files):
        self._session = session
        self._files = files
        self._job = job
        self._wire = wire
        self._scratch = scratch
        self._items = session.items if "names" not in job else _named(session.items, job["names"])
        self._save = None
        self._touched = None
        if looks_at_files(job):
            self._touched = Touched(str(session.config.rootpath), os.path.join(scratch, TOUCHED))
        self._resources = None
        if job.get("trace"):
            self._resources = Resources(str(session.config.rootpath), scratch, os.environ["TMPDIR"])
        self._ahead = None
        self._pid = os.getpid()
        tell_kills(os.getppid(), lambda: self._wire.send('{"kind":"kills"}\n'))
        self._failed = 0
        if job.get("records"):
            repeat_again(session.config)
            self._listener = RecordsListener(wire, session.config, str(job.get("worker") or ""))
        else:
            self._listener = Listener(wire, session.config)
        _remember_hooks(session)
        if job.get("worker"):
            be_worker(session.config, str(job["worker"]), int(job.get("workers") or 1))
        if job.get("anew"):
            draw_anew()

    def run(self):
        self._say({"kind": "job", "job": self._job["job"], "pid": os.getpid()})
        self._apply_factors()
        if not self._job.get("cover"):
            stop_coverage()
        self._listener.begin()
        company = self._meet()
        finished = True
        try:
            if self._job.get("pull"):
                self._pull()
            else:
                self._take(self._job["steps"], lambda: None)
        except (KeyboardInterrupt, pytest.exit.Exception) as stop:
            self._stop(stop)
        except _UnusableError as error:  # what is left of the job is for another child
            _say_error(self._wire, "capture", error)
            finished = False
        if company is not None:
            company.part()
        self._listener.end()
        if self._job.get("cover"):
            keep_coverage("brinell.%s.%d" % (self._job["job"], os.getpid()))
        self._release_factors()
        if finished:
            self._say({"kind": "finished", "job": self._job["job"]})

    def _meet(self):
        """Begin with the others of this job's company; None where it has none."""
        company = None
        if self._job.get("_company"):
            beside = self._job["beside"]
            company = Company(self._job["_company"], beside)
            company.meet()
            if self._resources is not None and beside.get("hold"):
                self._resources.hold_at(beside["hold"], int(beside.get("hold_after") or 1), company.hold)
        if self._resources is not None:
            self._resources.take()
        return company

    def _stop(self, stop):
        """Something ends the whole session: tear down as pytest does at its end, and say so."""
        why = "%s: %s" % (type(stop).__qualname__, stop)
        try:
            self._session._setupstate.teardown_exact(None)  # noqa: SLF001 - what pytest's own sessionfinish does
        except BaseException as error:  # noqa: BLE001 - a fixture that fails now, or a second Ctrl-C
            _say_error(self._wire, "teardown", error)
        self._say({"kind": "stopped", "why": why[:500], "status": getattr(stop, "returncode", None)})

    def _say(self, record, cap_bytes=2048):
        self._wire.send(encode(record, cap_bytes) + "\n")

    def _apply_factors(self):
        factors = self._job.get("factors")
        if factors:
            from brinell_inside.factors import apply  # noqa: PLC0415 - most jobs change nothing

            unsupported = apply(factors, self._scratch, self._session.config)
            if unsupported:
                self._say({"kind": "factors", "unsupported": unsupported})

    def _release_factors(self):
        if self._job.get("factors"):
            from brinell_inside.factors import late_problems, release  # noqa: PLC0415

            release()
            unsupported = late_problems()
            if unsupported:
                self._say({"kind": "factors", "unsupported": unsupported})

    def _pull(self):
        """Chunk after chunk from the shared queue; the next one is taken when a teardown has to know what follows."""
        steps = self._job.get("steps") or self._next_chunk()
        while steps is not None:
            self._ahead = _Later(self._next_chunk, self._items)
            self._take(steps, lambda: self._ahead)
            steps = None if self._session.shouldstop or self._session.shouldfail else self._ahead.chunk()

    def _next_chunk(self):
        chunks, tokens = self._job["_chunks"], self._job["_tokens"]
        token = os.read(tokens, 4) if tokens is not None else b""
        if not token:
            return None
        number = int.from_bytes(token, "big")
        self._say({"kind": "chunk", "n": number})
        return chunks[number]

    def _take(self, steps, look_ahead):
        tests = [position for position, step in enumerate(steps) if isinstance(step, int)]
        after = {test: tests[number + 1] for number, test in enumerate(tests[:-1])}
        for position, step in enumerate(steps):
            if isinstance(step, int):
                later = after.get(position)
                self._run(step, steps[later] if later is not None else look_ahead())
                if self._session.shouldstop or self._session.shouldfail:
                    why = str(self._session.shouldstop or self._session.shouldfail)
                    self._say({"kind": "stopped", "why": why[:500], "status": None})
                    return
            else:
                self._state(step)

    def _run(self, number, following):
        if isinstance(self._items, dict) and number not in self._items:
            self._missing(number)
            return
        item = self._items[number]
        nextitem = self._item(following) if isinstance(following, int) else following
        if nextitem is item:
            nextitem = copy.copy(item)  # its fixtures above the function stay, the function's own are torn down
        watch = self._job.get("watch")
        if watch:
            self._mark()
        self._listener.number = number
        if self._resources is not None:
            self._resources.take()  # what we looked at ourselves
        item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        if os.getpid() != self._pid:  # the test forked, and both returned
            os._exit(0)
        if self._job.get("pull") and self._session.testsfailed > self._failed:
            self._failed = self._session.testsfailed
            _check_capture(self._session.config)
        if self._resources is not None:
            self._touch(number)
        if watch:
            self._changed(number)

    def _touch(self, number):
        touched = self._resources.take()
        if touched:
            self._say({"kind": "touched", "i": number, "what": _within(touched)}, 1024)

    def _item(self, number):
        """The item that comes next; None if it was not collected."""
        return self._items.get(number) if isinstance(self._items, dict) else self._items[number]

    def _missing(self, number):
        """Say of a test that only some files were collected, and it was not among theirs."""
        self._say({"kind": "begin", "i": number})
        self._say({"kind": "ran", "i": number, "o": "error", "s": 0.0, "p": "collect", "t": "NotCollected", "m": ""})

    def _collect(self, paths):
        """Collect these as well: what that changes can be looked at. What fails is missing then."""
        session = self._session
        with suppress(AttributeError):
            del session.gethookproxy  # of conftests that are loaded now it knows nothing
        root = str(session.config.rootpath)
        with suppress(Exception):
            session.perform_collect([os.path.join(root, path) for path in paths])
        self._items.update(_named(session.items, self._job["names"]))
        _remember_hooks(session)

    def _state(self, step):
        if step[0] == "collect":
            self._collect(step[1])
        elif step[0] == "mark":
            self._mark()
        elif step[0] == "changed":
            self._changed(None)
        elif step[0] == "restore":
            self._restore(step[1])
        elif step[0] == "fixture":
            self._fixture(step[1])

    def _mark(self):
        from brinell_inside.state import Savepoint  # noqa: PLC0415 - most jobs look at no state

        self._files.look_again()
        if self._resources is not None:
            self._resources.outside.mark()
        self._save = Savepoint(str(self._session.config.rootpath))

    def _changed(self, number):
        changes = self._save.changes() if self._save is not None else []
        for path, how in self._files.changed(set(self._touched.paths)) if self._save is not None else ():
            name = _FILE + path
            changes.append({"name": name, "root": name, "kind": "file", "how": how, "restorable": True})
        if self._save is not None and self._resources is not None:
            changes += self._resources.outside.changes()
        if changes or number is None:
            self._say({"kind": "changed", "i": number, "changes": _within(changes)}, 1024)

    def _restore(self, roots):
        refused = ["nothing was marked"]
        if self._save is not None:
            paths = set(self._touched.paths)
            if roots is not None:
                paths &= {root[len(_FILE) :] for root in roots if root.startswith(_FILE)}
            self._files.restore(paths)
            others = None if roots is None else [root for root in roots if not root.startswith((_FILE, ROOT))]
            refused = list(self._save.restore(others) or ()) if others is None or others else []
            if self._resources is not None:
                outside = None if roots is None else [root for root in roots if root.startswith(ROOT)]
                refused += self._resources.outside.remove(outside)
        self._say({"kind": "restored", "refused": refused})

    def _fixture(self, roots):
        from brinell_inside.state.fixture import fixture_source  # noqa: PLC0415 - few jobs ask for one

        changes = [change for change in self._save.changes() if change["root"] in roots]
        self._say({"kind": "fixture", "source": fixture_source(changes) if changes else None}, 16384)


def _remember_hooks(session):
    """For every hook of every test pytest works out which conftests apply; after collection that no longer changes."""
    find, known = session.gethookproxy, {}

    def remembered(fspath):
        if fspath not in known:
            known[fspath] = find(fspath)
        return known[fspath]

    session.gethookproxy = remembered


class _Later:
    """Stands for the first test of a chunk that is not taken yet: while the test before it runs, others may need it."""

    def __init__(self, take, items):
        self._take = take
        self._items = items
        self._taken = None

    def chunk(self):
        """Return the chunk, None if none is left."""
        if self._taken is None:
            self._taken = (self._take(),)
        return self._taken[0]

    def __bool__(self):
        return bool(self.chunk())

    def __getattr__(self, name):
        return getattr(self._items[self.chunk()[0]] if self else None, name)


class _UnusableError(Exception):
    """Every further test of this process would fail, whatever it does."""


def _check_capture(config):
    """A test that closes descriptors it does not own takes pytest's capture with it."""
    capture = config.pluginmanager.getplugin("capturemanager")
    streams = getattr(capture, "_global_capturing", None)
    for stream in (getattr(streams, "out", None), getattr(streams, "err", None)):
        try:
            os.fstat(getattr(stream, "targetfd_save", 2))
            os.fstat(stream.tmpfile.fileno() if hasattr(stream, "targetfd_save") else 2)
        except (OSError, ValueError):
            raise _UnusableError("a test closed the files that pytest captures output in") from None


def _named(items, names):
    """``{number: item}`` for ``{number: node id}``: the tool's numbers, where only some of the files were collected."""
    by_id = {item.nodeid: item for item in items}
    return {int(number): by_id[name] for number, name in names.items() if name in by_id}


def _within(changes, most=120000):
    """As many changes as fit into a line."""
    kept, size = [], 0
    for change in changes:
        size += len(encode(change, 1024))
        if size > most:
            break
        kept.append(change)
    return kept

"""What is told of calls: records gathered without a lock, sent in blocks a few times a second. PYTEST_DONT_REWRITE.

A record is made where the call ended and appended to a deque, which every thread may do at once; one thread of ours
empties it, so no call ever waits for a pipe.
"""

import json
import os
import struct
import threading
import time
import traceback
from array import array
from collections import deque

from brinell_inside.jsontext import clean

RETURNED, TIMED_OUT, UNFINISHED, FIRST_RAISED = 0, 1, 2, 3
EVERY_S = 0.02
_SAMPLES = 3
_MOST_TYPES = 100
_MANY = 16384  # records
_MOST_HELD = 131072
_AT_ONCE = 8192
_FRAMES = 4
_SECOND_NS = 1000000000
_HEAD = struct.Struct("=cI")
_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # all of ours
_now = time.monotonic_ns


class Told:
    """The other end of the pipe. ``done`` takes (due, started, ended, code); ``held`` has the calls under way.

    ``held`` maps whoever makes a call to (due, started, bits): the bits are added to the code, whatever becomes of it.
    Who takes an entry out tells that: the caller when it returned, the watch when its time was over.
    """

    def __init__(self, fd, timeout_ns, root):
        self.done = deque()
        self.held = {}
        self.timeout_ns = timeout_ns
        self.watch = None  # called at every turn
        self.over = None  # says whether nothing is left to be told, which is told once
        self.overdue = None  # called with whoever made a call whose time is over
        self._fd = fd
        self._root = root
        self._codes = {}
        self._samples = {}
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._ended = threading.Event()
        self._thread = None

    # --- where calls are made ---------------------------------------------------------------------------------------

    def ended(self, who, due, started, ended, code):
        """Tell how a call ended, unless its time was over before and that is told already."""
        entry = self.held.pop(who, None)
        if entry is None:
            return
        if ended - started > self.timeout_ns:
            ended, code = started + self.timeout_ns, TIMED_OUT
        self.done.append((due, started, ended, code + entry[2]))
        # Calls may be quicker than our thread, which has to share the interpreter with them: then whoever calls sends.
        if len(self.done) > _MANY and (len(self.done) > _MOST_HELD or not self._flushing.locked()):
            self._flush()

    def raised(self, who, due, started, ended, error):
        """Tell that a call raised, with the first few of each type as samples."""
        code = self._code(type(error).__name__)
        entry = self.held.get(who)
        if self._samples.get(code, 0) < _SAMPLES and entry is not None:
            self._samples[code] = self._samples.get(code, 0) + 1
            self._sample(code + entry[2], due, started, ended, detail_of(error, self._root))
        self.ended(who, due, started, ended, code)

    def _code(self, name):
        code = self._codes.get(name)
        if code is None:
            with self._lock:
                if len(self._codes) >= _MOST_TYPES:
                    name = "other"
                code = self._codes.get(name)
                if code is None:
                    code = FIRST_RAISED + len(self._codes)
                    self.say("outcome", code=code, type=name)
                    self._codes[name] = code
        return code

    def _sample(self, code, due, started, ended, detail):
        self.say("sample", code=code, due=due, started=started, ended=ended, detail=detail)

    @property
    def is_started(self):
        """Whether it sends of itself."""
        return self._thread is not None

    # --- messages ---------------------------------------------------------------------------------------------------

    def say(self, kind, **fields):
        """Send one message."""
        plain = {name: clean(value) if isinstance(value, str) else value for name, value in fields.items()}
        self._write(b"L", json.dumps(dict(plain, kind=kind)).encode("ascii"))

    def _write(self, kind, content):
        data = memoryview(_HEAD.pack(kind, len(content)) + content)
        with _WRITING:
            while data:
                try:
                    data = data[os.write(self._fd, data) :]
                except OSError:
                    os._exit(3)  # nobody reads any more: there is no one to tell, and nothing to go on for

    # --- the thread of ours -----------------------------------------------------------------------------------------

    def start(self):
        """Begin to send what is gathered."""
        self._thread = threading.Thread(target=self._run, name="brinell-told", daemon=True)
        self._thread.start()

    def finish(self):
        """Send the rest: what is under way is unfinished."""
        self._ended.set()
        self._thread.join()
        for who in list(self.held):
            entry = self.held.pop(who, None)
            if entry is not None:
                self.done.append((entry[0], entry[1], _now(), UNFINISHED + entry[2]))
        self._flush()
        if self.watch is not None:
            self.watch(_now() + _SECOND_NS)  # so that it tells the rest

    def _run(self):
        while not self._ended.wait(EVERY_S):
            now = _now()
            self._sweep(now)
            if self.watch is not None:
                self.watch(now)
            over = self.over is not None and self.over()
            self._flush()
            if over:
                self.over = None
                self.say("idle")

    def _sweep(self, now):
        """End, at its limit, the account of every call whose time is over."""
        for who, entry in list(self.held.items()):
            if entry[1] + self.timeout_ns < now and self.held.pop(who, None) is not None:
                self.done.append((entry[0], entry[1], entry[1] + self.timeout_ns, TIMED_OUT + entry[2]))
                if self._samples.get(TIMED_OUT, 0) < _SAMPLES:
                    self._samples[TIMED_OUT] = self._samples.get(TIMED_OUT, 0) + 1
                    limit = entry[1] + self.timeout_ns
                    self._sample(TIMED_OUT + entry[2], entry[0], entry[1], limit, "had not returned")
                if self.overdue is not None:
                    self.overdue(who)

    def _flush(self):
        with self._flushing:
            for _ in range(len(self.done) // _AT_ONCE + 1):  # what comes meanwhile is the next turn's
                block = self.packed()
                if block:
                    self._write(b"B", block.tobytes())

    def packed(self):
        """Take records out, at most so many that a block stays small."""
        block, done = array("q"), self.done
        for _ in range(min(len(done), _AT_ONCE)):
            block.extend(done.popleft())
        return block


_WRITING = threading.Lock()


def detail_of(error, root):
    """One line: the exception and where it came from, innermost frame first."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - its own __str__ may raise
        text = "(its text cannot be had)"
    return "%s: %s%s" % (type(error).__name__, " ".join(text[:1000].split()), where_of(error, root))


def where_of(error, root):
    """`` at file:line in function, from …``, without our own frames and those of the import machinery."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((_HERE, "<frozen")) and os.sep + "importlib" + os.sep not in frame.filename
    ]
    if isinstance(error, SyntaxError) and error.filename:
        return " at %s:%s" % (shown(error.filename, root), error.lineno)
    places = ["%s:%d in %s" % (shown(one.filename, root), one.lineno or 0, one.name) for one in reversed(frames)]
    return " at " + ", from ".join(places[:_FRAMES]) if places else ""


def shown(path, root):
    """A file's path below the project's folder, else its last two parts."""
    if path.startswith(root + os.sep):
        return path[len(root) + 1 :]
    return os.sep.join(path.rsplit(os.sep, 2)[-2:])

"""Calls of one function of the project, made by a schedule in the project's own interpreter. PYTEST_DONT_REWRITE.

    PYTHON …/brinell_inside/calls/launch.py --words N --told N --dues N

Three inherited descriptors, protocol version 1. All moments are CLOCK_MONOTONIC nanoseconds of this machine.

``words`` (read): JSON lines. First the job: {"v": 1, "call": "module:function", "args", "kwargs", "setup": null or
    "module:function", "root": folder, "users": most calls at once, "timeout_ns", "look": true: only look at the
    function}; then {"kind": "go", "start_ns", "until_ns", "closed"} and for closed models "most" (calls in all),
    "think_ns" [least, most] and "gap_ns" (between two beginnings of a user, at least), "seed"; at the end {"kind":
    "finish"}. The end of the pipe means that nobody is left to tell: the process ends at once.
``dues`` (read): due times, eight bytes each (int64, this machine's byte order), at the moment they fall due; whoever
    is free takes the next. Not used in a closed model, in which every user calls again when the last call returned.
``told`` (write): frames: five bytes of head (type, then the length as uint32, this machine's byte order), content.
    Type ``B``: a block of calls that ended, four int64 each: due (0: at its start), started (0: never), ended, code.
    Type ``L``: a JSON object with a ``kind``:
    hello v, python "3.8.18", pid, mode sync | async, name (what is called) | refused why, message, near, trace [str] |
    ready own_ns (processor time of one call of a function that does nothing) | outcome code, type (an exception's) |
    sample code, due, started, ended, detail | stall where, count, total_ns, longest_ns (a step of a coroutine kept the
    loop; since the last one) | fatal message | idle (closed: every user has ended) | done.
    Codes: 0 returned, 1 timed out, 2 unfinished; from 3 on as ``outcome`` says.
"""

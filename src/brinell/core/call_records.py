"""Records of calls of the project's own functions under load (``driver = "call"``); see ``core.observation``."""

from __future__ import annotations

from brinell.core.entry import Entry


class CallSecond(Entry, frozen=True):
    """One second of one of the interpreters in which calls were made: ``calls`` that ended, the processor time of the
    whole process, and how much of it was not the function's: calls times what a call of nothing cost beforehand.
    """

    worker: int
    second: int
    calls: int
    cpu_s: float
    own_s: float
    starved_s: float = 0.0  # ready to run, and other processes had the processor


class LoopStall(Entry, frozen=True):
    """Steps of coroutines that kept the event loop from every other call, ``where`` they stood; since the last one."""

    worker: int
    second: int
    where: str
    count: int
    total_s: float
    longest_s: float

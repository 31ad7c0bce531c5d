"""Calls as the engine's traffic: due times go to the caller, what ended comes back in blocks and is recorded."""

from __future__ import annotations

import select
import time
from collections.abc import Callable

import numpy as np

from brinell.core import outcomes
from brinell.core.call_records import CallSecond, LoopStall
from brinell.core.entry import Entry
from brinell.core.redact import one_line, redact
from brinell.load.calls import told
from brinell.load.calls.caller import Caller
from brinell.load.calls.upkeep import Upkeep
from brinell.load.engine.connection import Connection
from brinell.load.engine.exemplars import SLOWEST
from brinell.load.engine.traffic import Means, Traffic
from brinell.load.engine.work import Operation

_CODES = {0: outcomes.OK, 1: outcomes.TIMEOUT, 2: outcomes.UNFINISHED}
_UNFINISHED = 2
_OUTCOME = 0xFFFF  # of a code
_PATIENCE_S = 2.0  # for the account of what is under way: the interpreter may be in the hands of what it calls
_MOST_NAME = 80
_MOST_OUTCOMES = 200  # twice what the caller folds at

_now = time.monotonic_ns


class CallTraffic(Traffic):
    """Calls of one function; ``users`` at most are under way at once. ``span_end_ns``: when the schedule ends.

    ``broken`` says why no more calls can be made; ``stop`` is called once it is known.
    """

    def __init__(self, means: Means, caller: Caller, name: str, users: int, *, closed: bool) -> None:
        super().__init__(means, users)
        self.span_end_ns = 0
        self.broken = ""
        self.own_ns = 0  # processor time of a call besides the function's
        self.stop: Callable[[], None] = lambda: None
        self._caller = caller
        self._name = name
        self._closed = closed
        self._idle = False
        self._over = False
        self._issued = self._ended = 0
        self._sent_in_span = self._completed_in_span = 0
        self._woken: dict[int, int] = {}  # due -> when the loop noticed, of every call without an outcome
        self._same: dict[int, int] = {}  # how many more have the same due time
        self._outcomes = dict(_CODES)
        self._told_ended = 0
        self._upkeep = Upkeep(caller.pid)
        self._stalls: list[told.Stall] = []
        self._unfinished = 0
        self._discarding = False

    # --- for the engine ---------------------------------------------------------------------------------------------

    @property
    def scheduled(self) -> int:
        """Calls that fell due; in a closed model those that ended, and those under way."""
        return self._ended + self.in_flight if self._closed else self._issued

    @property
    def waiting(self) -> int:
        """Due calls that nobody was free for."""
        return max(0, len(self._woken) + sum(self._same.values()) - self._most)

    @property
    def in_flight(self) -> int:
        """Calls under way; in a closed model every user who has not ended counts as one."""
        if self._closed:
            return 0 if self._idle or self._over else self._most
        return min(self._most, len(self._woken) + sum(self._same.values()))

    @property
    def in_flight_sent(self) -> int:
        """None: ``in_span`` counts by the callers' own instants."""
        return 0

    @property
    def in_span(self) -> tuple[int, int]:
        """Calls that began, and that ended, before the schedule's end."""
        return self._sent_in_span, self._completed_in_span

    def issue(self, due: int, now: int) -> None:
        """Hand over a call that fell due."""
        self._issued += 1
        if due in self._woken:
            self._same[due] = self._same.get(due, 0) + 1
        else:
            self._woken[due] = now
        self._hand_over(due)

    def _hand_over(self, due: int) -> None:
        self._caller.call(due)

    def _kinds(self, codes: told.Codes) -> told.Codes:
        """Return of each code what says under which operation and outcome the call is recorded."""
        return codes

    def _operation(self, code: int) -> str:
        """Return what a call is recorded under; of its code all but the outcome is whoever's who calls otherwise."""
        del code
        return self._name

    def _outcome(self, code: int) -> str:
        return self._outcomes.get(code & _OUTCOME, outcomes.RAISED)

    def prepared(self, word: told.Word | told.Block) -> None:
        """The caller told something before it was ready."""

    def restart(self) -> None:
        """Count processor time from now."""
        self._upkeep.restart()

    def tick(self, now: int, limit_ns: int) -> None:
        """Hand over what waits for room in the pipe. Limits are the caller's to see to."""
        del now, limit_ns
        self._caller.push()

    def give_up(self, *, record: bool) -> int:
        """Ask for the account of what is under way, and return how many calls have no end."""
        self._discarding = not record and not self.broken
        self._caller.finish()
        until = time.monotonic() + _PATIENCE_S
        while not self._over and not self.broken and (rest := until - time.monotonic()) > 0:
            if select.select([self._caller.fd], (), (), rest)[0]:
                self.on_told(1)
        left = list(self._woken) + [due for due, more in self._same.items() for _ in range(more)]
        self._woken.clear()
        self._same.clear()
        if not self._discarding:
            cell, now = self._recorder.cell(self._name, outcomes.UNFINISHED), _now()
            for due in left:
                cell.record(now - due, None)
        self._ended += len(left)
        return self._unfinished + len(left)

    # --- from the caller --------------------------------------------------------------------------------------------

    def on_told(self, events: int) -> None:
        """The caller has said something: a handler of the poller."""
        del events
        try:
            said = self._caller.read()
        except ValueError as error:
            self._break(f"the interpreter in which calls are made said what nobody understands: {error}")
            return
        for word in said:
            self._take(word)
        if self._caller.ended and not self._over:
            ending = self._caller.how_it_ended(_PATIENCE_S)
            self._break(f"the interpreter in which calls were made ended with {ending} during the run")
        self._caller.push()

    def take(self, worker: int, second: int) -> list[Entry]:
        """Return what is known of the interpreter since the last call."""
        stalls, self._stalls = self._stalls, []
        taken: list[Entry] = [
            LoopStall(worker, second, _plain(one.where), one.count, one.total_ns / 1e9, one.longest_ns / 1e9)
            for one in stalls
        ]
        cpu_s, starved_s = self._upkeep.take()
        calls, self._told_ended = self._ended - self._told_ended, self._ended
        if calls or cpu_s:
            own_s = min(calls * self.own_ns / 1e9, cpu_s)
            taken.append(CallSecond(worker, second, calls, cpu_s, own_s, starved_s))
        return taken

    def _take(self, word: told.Word | told.Block) -> None:
        match word:
            case np.ndarray():
                self._add(word)
            case told.Outcome(code=code, type=name) if len(self._outcomes) < _MOST_OUTCOMES:
                self._outcomes.setdefault(code, outcomes.of_exception(_plain(name)))
            case told.Sample():
                due = word.due or word.started
                instants = due, self._woken.get(due, due), word.started, word.ended
                name, outcome = self._operation(word.code), self._outcome(word.code)
                self._recorder.exemplars.error(name, outcome, instants, word.detail)
            case told.Stall():
                self._stalls.append(word)
            case told.Fatal(message=message):
                self._break(_plain(message, 300))
            case told.Idle():
                self._idle = True
                if (now := _now()) < self.until_ns:  # a bound on calls was reached
                    self.spent, self.until_ns = True, now
            case told.Done():
                self._over = True
            case _:
                pass

    def _add(self, block: told.Block) -> None:
        """Record a block of calls that ended."""
        due = np.where(block[:, 0] == 0, block[:, 1], block[:, 0])
        started, ended, codes = block[:, 1], block[:, 2], block[:, 3]
        self._ended += len(block)
        self._sent_in_span += int(((started > 0) & (started < self.span_end_ns)).sum())
        ends = codes & _OUTCOME
        whole = ends != _UNFINISHED
        self._unfinished += int((~whole).sum())
        if self._discarding:
            self._forget(due)
            return
        completed = np.isin(ends, [code for code, name in self._outcomes.items() if outcomes.completed(name)])
        self._completed_in_span += int((completed & (ended <= self.span_end_ns)).sum())
        response, service = ended - due, ended - started
        kinds = self._kinds(codes)
        for code in np.unique(kinds):
            mine = kinds == code
            cell = self._recorder.cell(self._operation(int(code)), self._outcome(int(code)))
            cell.response.frombytes(np.maximum(response[mine], 0).tobytes())
            cell.service.frombytes(np.maximum(service[mine & (started > 0)], 0).tobytes())
        self._keep_slowest(block, due, response)
        self._forget(due)

    def _keep_slowest(self, block: told.Block, due: told.Block, response: told.Block) -> None:
        exemplars = self._recorder.exemplars
        if int(response.max()) <= exemplars.floor_ns:
            return
        for index in np.argsort(-response)[:SLOWEST].tolist():
            if int(response[index]) <= exemplars.floor_ns:
                return
            name, outcome = self._operation(int(block[index, 3])), self._outcome(int(block[index, 3]))
            moment = int(due[index])
            instants = moment, self._woken.get(moment, moment), int(block[index, 1]), int(block[index, 2])
            exemplars.slow(name, outcome, instants, "returned" if outcome == outcomes.OK else outcome)

    def _forget(self, due: told.Block) -> None:
        if self._closed:
            return
        same, woken = self._same, self._woken
        for moment in due.tolist():
            if same and moment in same:
                same[moment] -= 1
                if not same[moment]:
                    del same[moment]
            else:
                woken.pop(moment, None)

    # --- there are no connections -----------------------------------------------------------------------------------

    def repeated(self, connection: Connection, operation: Operation, ended_ns: int) -> None:
        """Never: there are no connections."""
        raise AssertionError(connection, operation, ended_ns)

    def _go_on(self, connection: Connection, now: int) -> None:
        raise AssertionError(connection, now)

    def _replace(self, gone: Connection, now: int) -> None:
        raise AssertionError(gone, now)

    def _open_owed(self, now: int) -> None:
        """Nothing is owed."""

    def _break(self, why: str) -> None:
        if not self.broken:
            self.broken = why
            self._over = True
            self.stop()


def _plain(text: str, most: int = _MOST_NAME) -> str:
    """Text of the subject's as it may be kept."""
    return one_line(redact(text), most)

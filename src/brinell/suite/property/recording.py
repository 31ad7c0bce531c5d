"""One session over the property tests, from the wire's lines to the journal's records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from brinell.core.observation import CollectError, Record, SeenTest
from brinell.core.property_records import PropertyObserved, PropertyRun, PropertyStarted
from brinell.suite.property.lines import CountLine, HelloLine, IdsLine, TestLine, decode
from brinell.suite.recording import Recording
from brinell.suite.untrusted import Names, clean

_MOST_TEXT = 200
Value = TypeVar("Value")


class PropertyRecording(Recording):
    """Yields records of property tests only; what the recorder says of all tests is kept where it explains one.

    ``raw_ids`` maps each id as it is kept to the one that pytest knows.
    """

    def __init__(
        self, argv: Sequence[str], interpreter: str, because: str, *, purpose: str, examples: int, root: Path
    ) -> None:
        super().__init__(argv, interpreter, because)
        self.raw_ids: dict[str, str] = {}  # of all that will run, in their order
        self.collect_errors = 0
        self.hello: HelloLine | None = None
        self._purpose = purpose
        self._examples = examples
        self._root = root
        self._kept = Names()
        self._said: dict[str, tuple[str, str]] = {}  # id: outcome, first line of the failure

    def feed(self, raw: bytes) -> Iterator[Record]:
        """Yield the records one line gives. Never raises for what the line holds."""
        try:
            line = decode(raw)
        except ValueError:
            self.malformed += 1
            return
        match line:
            case None:
                for record in super().feed(raw):
                    self._remember(record)
            case HelloLine():
                self.hello = line
            case CountLine() if self.hello is not None:
                yield self._began(self.hello, line)
            case IdsLine():
                self.raw_ids.update((self._kept.of(test), test) for test in line.ids)
            case TestLine(outcome="interrupted"):
                pass
            case TestLine():
                yield from self._property_test(line)
            case _:
                pass

    def _remember(self, record: Record) -> None:
        match record:
            case CollectError():
                self.collect_errors += 1
            case SeenTest(outcome=outcome, chain=chain) if record.final:
                first = chain[0] if chain else None
                text = f"{first.type}: {first.message}".partition("\n")[0] if first else record.reason
                self._said[record.id] = (outcome, clean(text, _MOST_TEXT))
            case _:
                pass

    def _began(self, hello: HelloLine, counts: CountLine) -> PropertyStarted:
        return PropertyStarted(
            self._purpose,
            hypothesis=clean(hello.hypothesis or "", 100),
            observability=clean(hello.observability or "", 100),
            profile=clean(hello.profile, _MOST_TEXT),
            profiles_loaded=tuple(clean(name, _MOST_TEXT) for name in hello.profiles_loaded[:20]),
            derandomize=hello.derandomize,
            database=None if hello.database is None else clean(hello.database, _MOST_TEXT),
            examples=hello.examples,
            deadline_ms=hello.deadline_ms,
            own_ci=hello.ci_profile,
            unusable_database=clean(hello.unusable_database or "", 4096),
            tests=counts.tests,
            others=counts.others,
            rootdir=self.started.rootdir,
            interpreter=self.started.interpreter,
            python=self.started.python,
            pytest=self.started.pytest,
        )

    def _property_test(self, line: TestLine) -> Iterator[Record]:
        name = self._kept.of(line.id)
        self.raw_ids[name] = line.id
        outcome, message = self._said.pop(name, ("", ""))
        if line.outcome == "limit":
            message = ""
        yield PropertyRun(
            self._purpose,
            name,
            _outcome(line.outcome, outcome),
            ran=line.ran,
            declared=line.declared,
            profile_examples=self._examples,
            file=self._relative(line.file),
            line=line.line,
            call_s=line.call_s,
            setup_s=line.setup_s,
            cpu_s=line.cpu_s,
            starved_s=None if line.starved_s is None else max(0.0, line.starved_s),
            gc_s=line.gc_s,
            pace_s=line.pace_s,
            phases_s={clean(phase, 40): seconds for phase, seconds in list(line.phases_s.items())[:10]},
            stopped=clean(line.stopped, _MOST_TEXT),
            reused=line.reused,
            shrunk=line.shrunk,
            statuses="".join(case[0][:1] or "?" for case in line.cases),
            cost_us=tuple(case[1] for case in line.cases),
            draw_us=tuple(case[2] for case in line.cases),
            left_out=line.cases_left_out,
            stateful_steps=line.stateful_steps,
            explicit=line.explicit,
            reproduce=line.reproduce,
            derandomize=line.derandomize,
            deadline_ms=line.deadline_ms,
            phases=tuple(clean(phase, 40) for phase in line.phases[:10]),
            database=None if line.database is None else clean(line.database, _MOST_TEXT),
            fixtures=tuple(clean(fixture, _MOST_TEXT) for fixture in line.fixtures[:20]),
            message=message,
        )
        if line.observed is not None:
            yield PropertyObserved(
                self._purpose,
                name,
                _short(line.observed),
                how=_short(line.how),
                timing=_short(line.timing),
                shrink_examples=line.shrink.examples,
                shrink_s=line.shrink.s,
                draws=_short(line.draws),
                new_lines=line.new_lines[:400],
                lines=line.lines,
                files=line.files,
            )

    def _relative(self, file: str) -> str:
        path = Path(clean(file, 4096))
        try:
            return str(path.relative_to(self._root))
        except ValueError:
            return str(path)


def _outcome(said: str, counted: str) -> str:
    """What the plug-in saw of the call, unless a fixture failed before it or an expected failure came."""
    if said == "limit":
        return said
    return {"error": "failed", "failed": "failed", "xfailed": "xfailed", "xpassed": "passed", "skipped": "skipped"}.get(
        counted, said if said in {"passed", "failed", "skipped"} else "failed"
    )


def _short(table: Mapping[str, Value]) -> dict[str, Value]:
    return {clean(name, 80): value for name, value in list(table.items())[:20]}

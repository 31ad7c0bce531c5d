"""Which tests may not run beside each other, and over what: the parallel-safety map. Advisory.

From what tests touch (files, addresses, databases) under names that are the same each time. What is only read is no
conflict. What was not seen is not here: C libraries that open by themselves, and programs that tests start.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from brinell.checks.suite_facts import FAILURES, suites
from brinell.checks.trust_facts import Examined, examinations
from brinell.checks.trust_lines import MOST_NAMED, counted, more
from brinell.core.evidence import Evidence
from brinell.core.examination import ParallelOnly
from brinell.core.finding import Finding
from brinell.core.judgement import ParallelConflict, Part
from brinell.core.redact import one_line
from brinell.core.touch_records import BesideEachOther, Clash, Resource, Touched
from brinell.core.verdicts import Reason, Verdict

CHECK = "parallel-map"
PROCESSES, THREADS = "processes", "threads"
_SERVICES = {
    3306: "MySQL", 5432: "PostgreSQL", 5672: "AMQP", 6379: "Redis", 9042: "Cassandra", 9092: "Kafka",
    9200: "Elasticsearch", 11211: "memcached", 27017: "MongoDB",
}  # fmt: skip
_PORT = re.compile(r"\bport (\d+)$")
_NO_SLUG = re.compile(r"[^a-z0-9]+")
_OF_THE_PROCESS = {"environment": "environment variables", "cwd": "current directory"}
_MOST_TESTS = 200  # of one conflict


def parallel_map(evidence: Evidence) -> Part:
    """Map every examination; add what a parallel run of the suite saw."""
    found: dict[str, ParallelConflict] = {}
    findings = []
    for examined in examinations(evidence):
        here = _of(examined, evidence)
        for one in here:
            found.setdefault(one.resource, one)
        findings += [_finding(examined, here)] if any(one.scope == PROCESSES for one in here) else []
    for one in _seen_only(evidence, found.values()):
        found.setdefault(one.resource, one)
    return Part(findings=tuple(findings), parallel_conflicts=tuple(found.values()) or None)


def _of(examined: Examined, evidence: Evidence) -> list[ParallelConflict]:
    users: dict[str, dict[int, set[Resource]]] = defaultdict(lambda: defaultdict(set))
    proofs: dict[frozenset[int], BesideEachOther] = {}
    clashes: list[Clash] = []
    for envelope in evidence.envelopes(Touched, BesideEachOther, Clash, source=examined.step.id):
        match envelope.data:
            case Touched() as touched:
                for one in touched.resources:
                    name = _OF_THE_PROCESS.get(one.kind, one.name)
                    users[name][touched.test].add(one)
            case BesideEachOther() as record:
                proofs[frozenset(record.tests)] = record
            case Clash() as clash:
                clashes.append(clash)
    _list_members(users)
    found = [_conflict(examined, name, tests, proofs) for name, tests in users.items()]
    conflicts = [one for one in found if one is not None]
    known = {one.resource for one in conflicts}
    conflicts += [one for one in map(partial(_beside_itself, examined), clashes) if one.resource not in known]
    return _grouped(sorted(conflicts, key=_order))


def _beside_itself(examined: Examined, clash: Clash) -> ParallelConflict:
    """A test that no other shares this with: two runs of the suite on one machine are in each other's way."""
    first = clash.resources[0]
    names = list(dict.fromkeys(one_line(one.name, 200) for one in clash.resources[1:] if one.name != first.name))
    others = f" (or {', '.join(names[:3])})" if names and not clash.proved else ""
    said = f"fails beside itself, over this{others}; matters where the suite runs twice on one machine"
    return _with(_made(examined, first.name, first.kind, PROCESSES, [clash.test], [], said), proved=clash.proved)


def _list_members(users: Mapping[str, dict[int, set[Resource]]]) -> None:
    """Whoever writes a file in a folder changes the list of its names, which another test reads."""
    lists = [name for name, tests in users.items() if any(one.kind == "directory" for r in tests.values() for one in r)]
    for folder in lists:
        for name, tests in users.items():
            if name.rpartition("/")[0] == folder:
                for test, resources in tests.items():
                    if any(one.writes for one in resources):
                        users[folder][test].add(Resource("directory", folder, "write"))


def _conflict(
    examined: Examined, name: str, tests: Mapping[int, set[Resource]], proofs: Mapping[frozenset[int], BesideEachOther]
) -> ParallelConflict | None:
    kinds = {one.kind for resources in tests.values() for one in resources}
    writers = sorted(test for test, resources in tests.items() if any(one.writes for one in resources))
    readers = sorted(set(tests) - set(writers))
    if kinds & _OF_THE_PROCESS.keys():
        what = "changed by these tests: not safe beside others in threads of one process"
        return _made(examined, name, min(kinds), THREADS, writers, [], what) if writers else None
    if len(tests) < 2 or (not writers and "address" not in kinds):
        return None
    if not writers:
        return _made(examined, _service(name), "service", PROCESSES, [], readers, _said("service", writers, readers))
    kind = next(kind for kind in ("database", "address", "directory", "file") if kind in kinds)
    made = _made(examined, name, kind, PROCESSES, writers, readers, _said(kind, writers, readers))
    proof = next((one for pair, one in proofs.items() if pair <= set(tests) and set(writers) & pair), None)
    return made if proof is None else _proved(examined, made, proof)


def _said(kind: str, writers: Sequence[int], readers: Sequence[int]) -> str:
    if kind == "service":
        return f"{counted(len(readers), 'test connects', 'tests connect')} to it; what they change there is not seen"
    verb = {"address": ("binds it", "bind it"), "database": ("opens it", "open it")}.get(kind, ("writes", "write"))
    told = counted(len(writers), f"test {verb[0]}", f"tests {verb[1]}")
    return told + (f", {counted(len(readers), 'other uses it', 'others use it')}" if readers else "")


def _made(  # noqa: PLR0917 - the fields, in their order
    examined: Examined, name: str, kind: str, scope: str, writers: Sequence[int], readers: Sequence[int], said: str
) -> ParallelConflict:
    return ParallelConflict(
        resource=one_line(name, 300),
        kind=kind,
        scope=scope,
        writers=tuple(map(examined.name, writers[:_MOST_TESTS])),
        readers=tuple(map(examined.name, readers[:_MOST_TESTS])),
        evidence=said,
        proved=False,
        xdist_group=None,
    )


def _proved(examined: Examined, one: ParallelConflict, proof: BesideEachOther) -> ParallelConflict:
    first, second = map(examined.name, proof.tests)
    (failed, runs), (alone, times) = proof.together, proof.alone
    said = (
        f"{one.evidence}; {one_line(first)} and {one_line(second)} beside each other failed in {failed} of {runs} runs"
    )
    return _with(one, evidence=f"{said}, alone in {alone} of {times}", proved=True)


def _with(one: ParallelConflict, **changes: object) -> ParallelConflict:
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return ParallelConflict(**(fields | changes))


def _service(name: str) -> str:
    port = _PORT.search(name)
    known = _SERVICES.get(int(port[1])) if port else None
    return f"{name} ({known})" if known else name


def _order(one: ParallelConflict) -> tuple[bool, bool, int, str]:
    return (one.scope == THREADS, not one.proved, -len(one.writers) - len(one.readers), one.resource)


def _grouped(conflicts: Iterable[ParallelConflict]) -> list[ParallelConflict]:
    """Name a group for each: conflicts that have a test in common share one, for a test has but one worker."""
    names: dict[str, str] = {}  # test -> group
    grouped = []
    for one in conflicts:
        tests = (*one.writers, *one.readers)
        if one.scope == THREADS or len(tests) < 2:
            grouped.append(one)
            continue
        known = list(dict.fromkeys(names[test] for test in tests if test in names))
        group = known[0] if known else _slug(one.resource, set(names.values()))
        for test, other in list(names.items()):
            if other in known:
                names[test] = group
        names.update(dict.fromkeys(tests, group))
        grouped.append(one)
    return [
        one if one.scope == THREADS else _with(one, xdist_group=names.get((*one.writers, *one.readers)[0]))
        for one in grouped
    ]


def _slug(resource: str, taken: set[str]) -> str:
    slug = _NO_SLUG.sub("-", resource.rpartition("/")[2].lower()).strip("-")[:40] or "shared"
    return next(name for name in (slug, *(f"{slug}-{n}" for n in range(2, 10_000))) if name not in taken)


def _seen_only(evidence: Evidence, known: Iterable[ParallelConflict]) -> Iterator[ParallelConflict]:
    """Tests that failed beside others on forked workers, and share nothing that was seen."""
    mapped = {test for one in known if one.scope == PROCESSES for test in (*one.writers, *one.readers)}
    for suite in suites(evidence):
        for envelope in evidence.envelopes(ParallelOnly, source=suite.step.id):
            match envelope.data:
                case ParallelOnly() as seen if seen.test not in mapped and seen.parallel in FAILURES:
                    beside = ", ".join(one_line(test) for test in seen.beside[:3]) or "others"
                    yield ParallelConflict(
                        resource=f"not known ({one_line(seen.test)})",
                        kind="unknown",
                        scope=PROCESSES,
                        writers=(),
                        readers=(seen.test,),
                        evidence=f"failed on a forked worker beside {beside}, and not when it was run again serially",
                        proved=False,
                        xdist_group=None,
                    )


def _finding(examined: Examined, conflicts: Sequence[ParallelConflict]) -> Finding:
    shared = [one for one in conflicts if one.scope == PROCESSES]
    sure = [one for one in shared if one.kind != "service"]
    tests = {test for one in shared for test in (*one.writers, *one.readers)}
    lines = [_line(one) for one in shared[:MOST_NAMED]]
    lines += more(len(shared))
    if any(one.xdist_group for one in shared):
        lines.append("Tests of one group stay on one worker with @pytest.mark.xdist_group(name) and --dist loadgroup.")
    together = {test for one in shared if one.xdist_group for test in (*one.writers, *one.readers)}
    if together:
        things = counted(sum(one.xdist_group is not None for one in shared), "thing", "things")
        who = counted(len(together), "test shares", "tests share")
        title = f"{who} {things} with others: not safe to run beside each other"
    else:
        who = counted(len(tests), "test fails beside itself", "tests fail beside themselves")
        title = f"{who}: not safe to run the suite twice on one machine"
    return Finding(
        id=f"{examined.step.id}.parallel-map",
        check=CHECK,
        required=False,
        verdict=Verdict.FAIL if sure else Verdict.UNKNOWN,
        reason=None if sure else Reason.INCONCLUSIVE,
        title=title,
        detail="\n".join(lines),
        evidence=(examined.at,),
    )


def _line(one: ParallelConflict) -> str:
    group = f"; xdist_group({one.xdist_group!r})" if one.xdist_group else ""
    return f"{one.resource}: {one.evidence}{group}"

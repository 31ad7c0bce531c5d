"""Caches under load: how often they had the answer, what a miss let loose, and whether what was deleted came back.

Latencies, errors and the generator are judged as of every load (``checks.load``), under the same scenario.
"""

from __future__ import annotations

import msgspec

from brinell.checks import cache_facts as facts
from brinell.checks import cache_findings as findings
from brinell.checks import cache_growth as growth
from brinell.checks import cache_probes as probes
from brinell.checks import cache_tries as tried
from brinell.checks.cache_limits import finding, rule
from brinell.checks.load.limits import Ruling
from brinell.checks.load.tally import OperationTally, Tally, tallies
from brinell.core.cache_judgement import Cache, CacheOperation
from brinell.core.cache_records import HIT, MISS
from brinell.core.evidence import Evidence, steps_of
from brinell.core.finding import Finding
from brinell.core.judgement import Part
from brinell.core.key_choice import choice_of, mix_of
from brinell.core.plan import CacheSpec, LoadSpec
from brinell.core.thresholds import CACHE_THRESHOLDS
from brinell.core.verdicts import Reason, Verdict

_READ = "read"
_LONGER = 1e3  # milliseconds


def cache(evidence: Evidence) -> Part:
    """Judge every cache of the plan. One that was never asked has only its thresholds, not exercised."""
    steps = [(step.id, step.spec) for step in steps_of(evidence, "load") if isinstance(step.spec, LoadSpec)]
    steps = [(step, spec) for step, spec in steps if spec.cache is not None]
    if not steps:
        return Part()
    found, seen = tallies(evidence), facts.look(evidence)
    told: list[Finding] = []
    judged: list[Cache] = []
    missing: dict[str, str] = {}
    for step, spec in steps:
        limits = {name: limit for name, limit in (evidence.slo or spec.thresholds).items() if name in CACHE_THRESHOLDS}
        if step not in found or spec.cache is None:
            ruling = Ruling(None, Verdict.UNKNOWN, Reason.NOT_EXERCISED, "the scenario never began")
            told += [finding(spec.name, name, limit, ruling, ()) for name, limit in limits.items()]
            continue
        said, one, why = _scenario(spec, spec.cache, limits, found[step], seen.get(step, facts.Seen()))
        told += said
        judged.append(one)
        missing |= why
    return Part(findings=tuple(told), cache=tuple(judged), not_measured=missing)


def _scenario(
    spec: LoadSpec, wanted: CacheSpec, limits: dict[str, float], tally: Tally, seen: facts.Seen
) -> tuple[list[Finding], Cache, dict[str, str]]:
    cited = tuple(one for one in (tally.started_id, tally.ended_id) if one)
    judged, missing = _numbers(spec, wanted, tally, seen)
    whole = tally.ended is not None and not tally.ended.interrupted
    found, thresholds = [], {}
    for name, limit in limits.items():
        why = missing.get(f"cache.{spec.name}.{name.removesuffix('_bytes')}", "")
        ruling = rule(name, limit, judged, whole=whole, why_not=why)
        if ruling.verdict is Verdict.FAIL:
            said = ruling.detail, _words(name, judged, tally, seen)
            ruling = ruling._replace(detail="; ".join(part for part in said if part))
        thresholds[name] = {"limit": limit, "observed": ruling.observed, "verdict": ruling.verdict.value}
        found.append(finding(spec.name, name, limit, ruling, cited))
    judged = msgspec.structs.replace(judged, thresholds=thresholds)
    found += findings.wrong(judged, facts.wrong_samples(tally), cited)
    found += [] if "stale_reads" in limits else findings.stale(judged, facts.stale_samples(seen, tally), seen)
    if "stampede_loads" not in limits:
        found += findings.stampede(judged, seen) + findings.uncounted(judged, wanted, seen)
    found += [] if "hit_rate" in limits else findings.far(judged, wanted, seen, cited)
    found += findings.more(judged, cited)
    grown = growth.beyond(judged, wanted, seen, cited)
    found += grown or tried.growing(judged, wanted, cited)
    found += tried.wrong(judged, cited)
    found += probes.expires(judged, wanted, seen, cited) + probes.blocking(judged, cited)
    return found + findings.not_filled(judged, seen, cited), judged, missing


def _words(name: str, judged: Cache, tally: Tally, seen: facts.Seen) -> str:
    """Say of a threshold that does not hold what is said of it where none was stated."""
    if name == "stale_reads":
        return findings.stale_words(facts.stale_samples(seen, tally), seen)
    if name == "stampede_loads" and judged.stampede is not None:
        return findings.stampede_words(judged.stampede)
    return ""


def _numbers(spec: LoadSpec, wanted: CacheSpec, tally: Tally, seen: facts.Seen) -> tuple[Cache, dict[str, str]]:
    """Return the judgement's entry, and why what is None in it was not measured."""
    choice, mix = choice_of(wanted, spec.seed), mix_of(wanted)
    crowd, hits = facts.stampede(seen), facts.hits(wanted, spec.seed, seen)
    stale, no_stale = facts.stale(wanted, seen, tally, mix.shares)
    memory, directory = facts.memory(tally), facts.directory(seen)
    missing = {}
    if hits is None:
        missing["hit_rate"] = facts.no_hits(wanted, tally)
    elif hits.ideal is None or hits.lru is None:
        missing["hit_rate.ideal" if hits.ideal is None else "hit_rate.lru"] = hits.why
    is_counted = crowd is not None and crowd.least_loads == crowd.most_loads
    if not is_counted:
        missing["stampede_loads"] = facts.stampede_why_not(wanted, seen)
    if stale is None:
        missing["stale_reads"] = no_stale
    if memory is None:
        missing["memory"] = tally.started.subject_reason or "the run was too short to look twice"
    if directory is None:
        named = wanted.directory is not None
        missing["directory"] = "it was never looked at" if named else "no folder was named (directory)"
    modes = sorted({one.mode for one in seen.prepared.values()})
    is_async = "async" in modes
    if not is_async:
        outside = facts.is_outside(wanted)
        missing["loop_stall_ms"] = "it is watched from outside" if outside else "there is no event loop"
    judged = Cache(
        scenario=spec.name,
        workload="custom" if wanted.mix else wanted.workload,
        target=wanted.target,
        mode=" and ".join(modes),
        operations=_operations(tally),
        hit_rate=hits,
        stampede_loads=crowd.most_loads if crowd is not None and is_counted else None,
        stale_reads=stale,
        loop_stall_ms=max((one.longest_s for one in tally.stalls), default=0.0) * _LONGER if is_async else None,
        distribution=choice.distribution,
        keys=wanted.keys,
        capacity=wanted.capacity,
        rate=tally.achieved_rate,
        value_bytes=wanted.value_bytes,
        prefilled=facts.put_in(wanted, seen),
        loads=sum(one.loads for one in seen.seconds),
        wrong_values=facts.wrong(tally),
        stampede=crowd,
        memory=memory,
        directory=directory,
        mix={name: share / sum(mix.shares.values()) for name, share in mix.shares.items()},
        stalls=sum(one.count for one in tally.stalls),
        samples=facts.samples(seen, tally),
        course=facts.course(seen),
        entries=growth.entries(seen),
        lifetime=probes.lifetimes(seen),
        blocking=probes.blocked(seen),
        tries=tried.tries(seen),
        containers=tried.containers(seen),
    )
    return judged, {f"cache.{spec.name}.{name}": why for name, why in missing.items()}


def _operations(tally: Tally) -> dict[str, CacheOperation]:
    """Return the operations; reads also as one, whatever they found."""
    in_order = sorted(tally.operations.items(), key=lambda pair: (not pair[0].startswith(_READ + " "), pair[0]))
    parts = {name: [one] for name, one in in_order if name != _READ}
    reads = [one for name, one in tally.operations.items() if name in {_READ, _READ + HIT, _READ + MISS}]
    if reads:
        parts = {_READ: reads, **parts}
    return {name: _operation(several) for name, several in parts.items()}


def _operation(several: list[OperationTally]) -> CacheOperation:
    whole = OperationTally()
    for one in several:
        whole.response.add(one.response)
        whole.requests += one.requests
        for kind, count in one.errors.items():
            whole.errors[kind] = whole.errors.get(kind, 0) + count
    p50, p95, p99 = whole.response.quantiles_ns((0.5, 0.95, 0.99))
    return CacheOperation(
        requests=whole.requests,
        errors=whole.errors,
        p50_ms=None if p50 is None else p50 / 1e6,
        p95_ms=None if p95 is None else p95 / 1e6,
        p99_ms=None if p99 is None else p99 / 1e6,
        max_ms=whole.response.max_ns / 1e6 if whole.response.count else None,
    )

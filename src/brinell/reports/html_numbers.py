"""The key numbers of the page's first screen: name, value, aside. Of every kind the number that it is about."""

from __future__ import annotations

from brinell.core.cache_judgement import Cache
from brinell.core.capacity_judgement import Capacity
from brinell.core.drill_judgement import Drill
from brinell.core.judgement import Judgement, Load, SuiteReport, WebSocket
from brinell.core.verdicts import Verdict
from brinell.reports import outline_socket, outline_trust
from brinell.reports.figures import count, milliseconds, percent, plural, rate, seconds

_MOST = 4  # of each kind
Number = tuple[str, str, str]


def numbers(judgement: Judgement) -> list[Number]:
    """Return them in the order of the page."""
    found = _suite(judgement.suite) if judgement.suite else []
    if judgement.flaky:
        reasons = plural(len(outline_trust.groups(judgement)), "reason")
        found.append(("Tests not to be trusted", count(outline_trust.unreliable(judgement)), reasons))
    cached = {one.scenario: one for one in judgement.load}
    names = {one.scenario for one in judgement.cache}
    found += [_load(one) for one in [each for each in judgement.load if each.scenario not in names][:_MOST]]
    found += [_socket(one) for one in judgement.websocket[:_MOST]]
    found += [_cache(one, cached.get(one.scenario)) for one in judgement.cache[:_MOST]]
    found += [_capacity(one) for one in judgement.capacity[:_MOST]]
    return found + [_drill(one) for one in judgement.drills[:_MOST]]


def _suite(suite: SuiteReport) -> list[Number]:
    error = "error" if suite.errors == 1 else "errors"
    bad = [f"{count(n)} {word}" for n, word in ((suite.failed, "failed"), (suite.errors, error)) if n]
    return [
        ("Tests", count(suite.test_count), ", ".join(bad) or f"{count(suite.passed)} passed"),
        ("Suite time", seconds(suite.execution_time_seconds), f"target {seconds(suite.target_full_suite)}"),
    ]


def _load(load: Load) -> Number:
    failed = sum(load.errors.values())
    errors = percent(failed / load.requests) if load.requests else count(failed)
    aside = f"{rate(load.achieved_rate)}, {errors} errors{_doubt(load)}"
    return f"p95 of {load.scenario}", milliseconds(load.response_ms.p95), aside


def _socket(one: WebSocket) -> Number:
    name = f"WebSocket {one.scenario}"
    if one.limit is not None:
        return name, f"{count(one.limit.accepted)} of {count(one.limit.configured)}", "connections fit"
    if one.hostile is not None:
        harmed = len({case.case for case in one.hostile.cases if case.harm})
        return name, count(harmed), "kinds of bad clients harmed others"
    aside = f"p99 over {plural(one.connections, 'connection')}"
    if one.reach is not None:
        aside += f", reach {outline_socket.reach(one.reach)}"
    return name, milliseconds(one.response_ms.p99), aside + _doubt(one)


def _cache(cache: Cache, load: Load | None) -> Number:
    hits = cache.hit_rate
    aside = f"p95 {milliseconds(load.response_ms.p95)}{_doubt(load)}" if load else ""
    if hits is None:
        return f"Cache {cache.scenario}", rate(cache.rate), aside
    best = f", at best {percent(hits.ideal)}" if hits.ideal is not None else ""
    return f"Hit rate of {cache.scenario}", percent(hits.value), (aside + best).removeprefix(", ")


def _capacity(one: Capacity) -> Number:
    if one.low <= 0:
        return f"Capacity {one.name}", "none", one.answer
    broke = f"breaks at {one.level_words(one.high)}" if one.high is not None else "at least"
    return f"Capacity {one.name}", one.level_words(one.low), broke


def _drill(one: Drill) -> Number:
    kept = sum(rule.verdict is Verdict.PASS for rule in one.rules)
    words = {Verdict.PASS: "passed", Verdict.FAIL: "failed", Verdict.UNKNOWN: "not decided"}
    return f"Drill {one.name}", words[one.verdict], f"{kept} of {plural(len(one.rules), 'rule')} kept"


def _doubt(load: Load) -> str:
    return "" if load.generator.valid else "; generator not valid"

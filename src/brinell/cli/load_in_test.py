"""The ``brinell_load`` fixture of pytest: a load scenario as a call, its thresholds as assertions.

A measurement that cannot be believed, or is too short for its thresholds, fails the test with the sentence that says
why: it must not pass unseen.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from brinell.cli import session
from brinell.config import checks, for_call, for_flows, for_load, from_toml, project_root
from brinell.config.problems import Unfit
from brinell.core.errors import UsageError, nearest
from brinell.core.judgement import Distribution, Generator, Judgement, Load, Operation
from brinell.core.plan import LoadSpec, Plan
from brinell.core.thresholds import METRICS, THRESHOLDS, Metric, why_no_limit
from brinell.core.verdicts import Exit, Verdict

_REPORT = "report.html"
_MOST_SAMPLES = 3
_OF_ALL = frozenset({"thresholds", "check"})
_OF_RUNS = frozenset({"rate", "duration", "model", "shape", "connections", "workers", "timeout_s"})
_OF_REQUESTS = frozenset({"method", "headers", "json", "body"})
_OF_CALLS = frozenset({"args", "kwargs", "setup"})


class LoadResult:
    """What a scenario gave. ``result["p95_ms"]`` is any metric that a threshold can name; ``load`` has all numbers as
    judgement.json has them, ``folder`` the reports.
    """

    def __init__(self, judgement: Judgement, load: Load, folder: Path) -> None:
        self.judgement = judgement
        self.load = load
        self.folder = folder

    @property
    def requests(self) -> int:
        """Requests with an outcome."""
        return self.load.requests

    @property
    def errors(self) -> dict[str, int]:
        """Counts by error kind."""
        return self.load.errors

    @property
    def response_ms(self) -> Distribution:
        """Response times from the moment each request was due: p50, p90, p95, p99, p99_9, max, mean."""
        return self.load.response_ms

    @property
    def service_ms(self) -> Distribution:
        """Service times from the actual send."""
        return self.load.service_ms

    @property
    def rate(self) -> float | None:
        """Complete answers a second of the schedule."""
        return self.load.achieved_rate

    @property
    def generator(self) -> Generator:
        """Whether the generator can be believed, and why."""
        return self.load.generator

    @property
    def passed(self) -> bool:
        """Whether every required finding passed."""
        return self.judgement.verdict is Verdict.PASS

    def __getitem__(self, name: str) -> float | None:
        if name not in THRESHOLDS:
            close = nearest(name, list(METRICS))
            raise KeyError(f"{name}: metrics are {', '.join(METRICS)}" + (f"; did you mean {close}?" if close else ""))
        metric = THRESHOLDS[name]
        if metric.what == "rate":
            return self.load.achieved_rate
        if metric.what == "memory":
            return self.load.subject.rss_growth
        if metric.each:
            seen = [_value(name.removeprefix("each_"), metric, one) for one in self.load.operations.values()]
            return max((one for one in seen if one is not None), default=None)
        return _value(name, metric, self.load)

    def __str__(self) -> str:
        return told(self)


class LoadInTest:
    """What the fixture gives. Every call is one run, kept in pytest's temporary folder; ``runs`` are their results."""

    def __init__(self, root: str, folder: str) -> None:
        self.runs: list[LoadResult] = []
        self._root = project_root(Path(root))
        self._folder = Path(folder)

    def __call__(
        self,
        target: str | None = None,
        *,
        rate: float | None = None,
        duration: float | str | None = None,
        model: str | None = None,
        shape: Mapping[str, Any] | None = None,
        thresholds: Mapping[str, float] | None = None,
        connections: int | None = None,
        workers: int | None = None,
        timeout_s: float | None = None,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: str | None = None,
        flows: str | Path | None = None,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        setup: str | None = None,
        check: bool = True,
    ) -> LoadResult:
        """Run a scenario; fail the test unless its thresholds hold and the measurement can be believed.

        ``target``: an address; the name of a ``[[load]]`` scenario of brinell.toml, of which only the thresholds can be
        other ones; or ``module:function`` to be called. ``rate``: requests a second (100), or ``model="closed"``, or a
        whole ``shape``. ``duration`` is 5 s, ``connections`` 64, ``workers`` 1, ``timeout_s`` 5. ``check=False`` only
        measures. ``UsageError`` for what cannot be run, and for what this target has no use for.
        """
        given = {
            name: value for name, value in locals().items() if name not in {"self", "target"} and value is not None
        }
        limits = dict(thresholds or {})
        if target is None or ":" not in target:
            _refuse_unused(target, "a scenario of brinell.toml says all else itself", given, _OF_ALL)
            return self._run(self._scenario(target, limits), check=check)
        wanted = _shape(rate, duration, model, shape)
        usual = {"connections": 64, "workers": 1, "timeout_s": 5.0}
        common: dict[str, Any] = {"limits": limits} | {name: given.get(name, value) for name, value in usual.items()}
        if "://" not in target:
            _refuse_unused(target, "it belongs to an address", given, _OF_ALL | _OF_RUNS | _OF_CALLS)
            common |= {"args": list(args or ()), "kwargs": dict(kwargs or {}), "setup": setup, "python": None}
            plan = for_call(self._root, target, wanted, **common)
        elif flows is not None:
            _refuse_unused(target, "the flows say what is sent", given, _OF_ALL | _OF_RUNS | {"headers", "flows"})
            common["headers"] = _headers(headers)
            plan = for_flows(self._root, target, self._file(flows), wanted, **common)
        else:
            _refuse_unused(target, "it belongs to a function", given, _OF_ALL | _OF_RUNS | _OF_REQUESTS)
            common["headers"] = _headers(headers)
            plan = for_load(self._root, target, wanted, request=_request(method, json, body), **common)
        return self._run(plan, check=check)

    def _run(self, plan: Plan, *, check: bool) -> LoadResult:
        if threading.current_thread() is not threading.main_thread():
            raise UsageError("brinell_load works in the main thread only: it has to hear Ctrl-C")
        folder = self._folder / f"run-{len(self.runs) + 1}"
        done = session.examine(plan, session.Output(out=folder, quiet=True))
        if done.judgement.exit_code == Exit.INTERRUPTED:
            raise KeyboardInterrupt
        if not done.judgement.load:
            pytest.fail(f"brinell_load: {plan.steps[0].id} did not run\n{_findings(done.judgement)}", pytrace=False)
        result = LoadResult(done.judgement, done.judgement.load[0], folder)
        self.runs.append(result)
        if check and not result.passed:
            pytest.fail(told(result), pytrace=False)
        return result

    def _scenario(self, name: str | None, limits: dict[str, float]) -> Plan:
        plan = from_toml(self._root)
        steps = {step.spec.name: step for step in plan.steps if isinstance(step.spec, LoadSpec)}
        if name not in steps:
            close = nearest(name or "", list(steps))
            listed = ", ".join(steps) or "none"
            raise UsageError(
                f"brinell_load({name!r}): no address, no module:function and no scenario of brinell.toml; "
                f"scenarios: {listed}",
                hint=f'did you mean "{close}"?' if close else 'brinell_load("http://127.0.0.1:8000/", rate=100)',
            )
        step = steps[name]
        spec = step.spec
        if limits and isinstance(spec, LoadSpec):
            step = msgspec.structs.replace(step, spec=msgspec.structs.replace(spec, thresholds=_known(limits)))
        service = plan.service if step.needs_service else None
        return msgspec.structs.replace(plan, steps=(step,), service=service)

    def _file(self, flows: str | Path) -> Path:
        file = self._root / flows
        if not file.is_file():
            raise UsageError(f"brinell_load: flows = {str(flows)!r}: there is no such file below {self._root}")
        return file


def told(result: LoadResult) -> str:
    """Say what came of a scenario: verdict, every threshold with its number, and why something is not decided."""
    load = result.load
    asked = f"{load.connections} users in turn"
    if load.sessions is not None and load.sessions.rate is not None:
        asked = f"{load.sessions.rate:g} sessions/s"
    elif load.target_rate is not None:
        asked = f"{load.target_rate:g}/s"
    word = {Verdict.PASS: "passed", Verdict.FAIL: "FAILED"}.get(result.judgement.verdict, "NOT PROVED")
    lines = [f"brinell_load {load.scenario} ({load.url}): {asked} for {load.span_s:.3g} s: {word}"]
    lines += [line for line in _findings(result.judgement).splitlines() if line]
    times = load.response_ms
    shown = ", ".join(
        f"{name} {value:.4g}" for name in ("p50", "p95", "p99", "max") if (value := getattr(times, name)) is not None
    )
    errors = ", ".join(f"{count} {kind}" for kind, count in load.errors.items()) or "no errors"
    lines.append(f"  {load.requests} requests, {errors}; response ms: {shown or 'none'}")
    failed = [one for one in load.samples if one["outcome"] != "ok" and one["detail"]]
    lines += [f"  {one['operation']}: {one['outcome']}: {one['detail']}" for one in failed[:_MOST_SAMPLES]]
    return "\n".join([*lines, f"  report: {result.folder / _REPORT}"])


def _value(name: str, metric: Metric, numbers: Load | Operation) -> float | None:
    """Return a share of errors, or milliseconds."""
    if metric.what == "error_rate":
        return sum(numbers.errors.values()) / numbers.requests if numbers.requests else None
    clock = numbers.service_ms if metric.clock == "service" else numbers.response_ms
    found: float | None = getattr(clock, name.removeprefix("service_").removesuffix("_ms"))
    return found


def _findings(judgement: Judgement) -> str:
    lines = []
    for one in judgement.findings:
        if one.required and one.verdict is not Verdict.PASS:
            reason = f" ({one.reason.value})" if one.reason else ""
            lines.append(f"  {one.verdict.value}{reason}: {one.title}" + (f": {one.detail}" if one.detail else ""))
    return "\n".join(lines)


def _refuse_unused(target: str | None, why: str, given: Mapping[str, Any], takes: frozenset[str]) -> None:
    """What would be ignored is a mistake that nobody would see."""
    for name in given:
        if name not in takes:
            raise UsageError(f"brinell_load({target!r}): {name} is given, and {why}", hint=f"leave {name} away")


def _shape(
    rate: float | None, duration: float | str | None, model: str | None, shape: Mapping[str, Any] | None
) -> dict[str, Any]:
    duration, model = 5 if duration is None else duration, model or "open"
    if shape is not None:
        return dict(shape)
    if model == "closed":
        if rate is not None:
            raise UsageError("brinell_load: rate belongs to the open model", hint="leave rate or model away")
        return {"kind": "closed", "duration": duration}
    if model != "open":
        raise UsageError(f"brinell_load: model = {model!r}: valid are open and closed")
    return {"kind": "constant", "rate": 100.0 if rate is None else float(rate), "duration": duration}


def _request(method: str | None, json: Any, body: str | None) -> dict[str, Any]:
    given: dict[str, Any] = {"method": method or ("GET" if json is None and body is None else "POST")}
    if json is not None and body is not None:
        raise UsageError("brinell_load: a request has one body: json or body")
    if json is not None:
        given["json"] = json
    if body is not None:
        given["body"] = body
    return given


def _headers(given: Mapping[str, str] | None) -> dict[str, str]:
    try:
        return checks.headers(dict(given or {}))
    except Unfit as unfit:
        raise UsageError(f"brinell_load: headers: {unfit.why}") from None


def _known(limits: dict[str, float]) -> dict[str, float]:
    for name, limit in limits.items():
        if name not in METRICS:
            raise UsageError(f"brinell_load: no threshold is called {name!r}; valid: {', '.join(METRICS)}")
        if why := why_no_limit(name, limit):
            raise UsageError(f"brinell_load: {name}={limit}: {why}")
    return {name: float(limit) for name, limit in limits.items()}

"""The blessed baseline: a compact file meant for git, reviewed like code, and never simply "the last run"."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from brinell.core.blessed import Known, known
from brinell.core.errors import UsageError
from brinell.core.judgement import Judgement
from brinell.core.redact import one_line

FOLDER = "brinell-baselines"
FILE = "baseline.json"
VERSION = 1


def compose(judgement: Judgement, moment: str, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the baseline a judgement makes. What the run did not measure, down to the scenario, is kept from
    ``before``.

    Shape: ``{v, blessed, run, fingerprint, suite: {seconds[], cpu_s[], test_count, tests: {id: [outcome, seconds]}},
    load: {scenario: {fingerprint, conditions{}, measured: {name: [value, low, high]}}}, websocket, cache, capacity}``,
    the last three like ``load``; low is null where a run cannot say how much it varies. Each part carries the
    fingerprint it was measured with.
    """
    kept = dict(before or {})
    kept.update(v=VERSION, blessed=moment, run=judgement.run.id, fingerprint=judgement.run.fingerprint)
    suite = judgement.suite
    if suite is not None and suite.execution_time_seconds is not None:
        kept["suite"] = {
            "fingerprint": judgement.run.fingerprint,
            "seconds": [round(s, 3) for s in suite.repeats or (suite.execution_time_seconds,)],
            "cpu_s": [round(s, 3) for s in suite.cpu_repeats],
            "test_count": suite.test_count,
            "workers": suite.xdist_workers or suite.workers,
            "tests": {
                test.id: [test.outcome, round(_total(test.seconds.setup, test.seconds.call, test.seconds.teardown), 4)]
                for test in sorted(suite.tests, key=lambda test: test.id)
            },
        }
    for kind, scenarios in known(judgement.load, judgement.websocket, judgement.cache, judgement.capacity).items():
        made = {name: _scenario(one, judgement.run.fingerprint) for name, one in scenarios.items()}
        if made:
            earlier = kept.get(kind)
            kept[kind] = {**(earlier if isinstance(earlier, dict) else {}), **made}
    return kept


def holds_anything(judgement: Judgement) -> bool:
    """Whether a run measured anything that a baseline could hold."""
    scenarios = (*judgement.load, *judgement.cache, *judgement.capacity)
    has_sockets = any(not one.one_by_one for one in judgement.websocket)
    return judgement.suite is not None or bool(scenarios) or has_sockets


def path_of(root: Path) -> Path:
    """Return where the baseline of a project lies."""
    return root / FOLDER / FILE


def load(root: Path) -> dict[str, Any] | None:
    """Read the blessed baseline; None if there is none. UsageError if it is damaged or newer."""
    path = path_of(root)
    try:
        content = msgspec.json.decode(path.read_bytes())
        msgspec.json.encode(content)  # as the journal will: not all that can be read can be written
    except FileNotFoundError:
        return None
    except OSError as error:
        hint = "restore it from git, or make it readable"
        if isinstance(error, NotADirectoryError):
            hint = f"{path.parent} is a file: move it away"
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=hint) from None
    except (ValueError, OverflowError, RecursionError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}", hint="restore it from git, or brinell bless a run"
        ) from None
    if not isinstance(content, dict) or not isinstance(content.get("v"), int):
        raise UsageError(f"{path} is not a baseline", hint="restore it from git, or brinell bless a run")
    if content["v"] > VERSION:
        raise UsageError(f"{path} was written by a newer Brinell (version {content['v']})", hint="upgrade Brinell")
    return content


def suite_s(content: dict[str, Any] | None) -> float | None:
    """Return the seconds a blessed suite took, the median of its runs; None where a baseline says nothing of it."""
    suite = (content or {}).get("suite")
    seconds = suite.get("seconds") if isinstance(suite, dict) else None
    if not isinstance(seconds, list) or not seconds or not all(isinstance(one, int | float) for one in seconds):
        return None
    return float(median(seconds))


def told(content: dict[str, Any]) -> str:
    """Say when a baseline was blessed, and from which run. The file is anybody's: one plain line, whatever it holds."""
    return one_line(f"blessed {content.get('blessed', '')} from {content.get('run', '')}", 160)


def bless(root: Path, judgement: Judgement, moment: str) -> Path:
    """Write the baseline atomically, one line per test so that its diff can be reviewed; return its path.

    UsageError if it cannot be written.
    """
    path = path_of(root)
    content = compose(judgement, moment, load(root))
    draft = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(_layout(content) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", hint=f"make {path.parent} a folder you may write, with room in it"
        ) from None
    return path


def _layout(value: Any, depth: int = 0) -> str:
    """JSON with one line per key; lists stay on their key's line."""
    if not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    pad = "  " * (depth + 1)
    lines = [f"{pad}{json.dumps(key, ensure_ascii=False)}: {_layout(item, depth + 1)}" for key, item in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + "  " * depth + "}"


def _total(*phases: float | None) -> float:
    return sum(seconds for seconds in phases if seconds is not None)


def _scenario(one: Known, fingerprint: dict[str, str]) -> dict[str, Any]:
    return {
        "fingerprint": fingerprint,
        "conditions": one.conditions,
        "measured": {
            name: [_digits(number.value), *(None if number.why else _digits(end) for end in (number.low, number.high))]
            for name, number in one.measured.items()
        },
    }


def _digits(value: float | None) -> float | None:
    """Six digits: the file is read by people."""
    return None if value is None else float(f"{value:.6g}")

"""``[suite] property``: what the examination of property tests is to keep to."""

from __future__ import annotations

from typing import Any

from brinell.config import checks
from brinell.config.problems import Unfit
from brinell.core.errors import nearest
from brinell.core.plan import PropertySpec, Step, SuiteSpec

PROPERTY = "property"
VERIFY = "property:verify"
EXAMPLE = "property = { tiers_s = [10, 60, 100], max_examples = { local = 200, ci = 50 }, budget_s = 60 }"
MOST_EXAMPLES = 100_000
_KEYS = ("tiers_s", "max_examples", "budget_s", "effort_s", "test_timeout_s", "coverage")
_PROFILES = ("local", "ci")


def property_table(table: dict[str, Any]) -> dict[str, Any]:
    """Check the table; return fields of ``PropertySpec``. ``Unfit`` naming the key."""
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _KEYS:
            raise Unfit(f"'{key}' is no key of it; {', '.join(_KEYS)} are", _close(key, _KEYS))
        if key == "tiers_s":
            found |= {"tiers_s": _tiers(value), "tiers_stated": True}
        elif key == "max_examples":
            found |= _examples(value)
        elif key == "coverage":
            if not isinstance(value, bool):
                raise Unfit("coverage is true or false")
            found["coverage"] = value
        else:
            found[key] = _duration(key, value)
            if key == "budget_s":
                found["budget_stated"] = True
    return found


def examination(suite: SuiteSpec, settings: dict[str, Any], **given: Any) -> PropertySpec:
    """Return the examination of the property tests of ``suite``; what is not given (None) comes from ``settings``."""
    return PropertySpec(
        directory=suite.directory,
        python=suite.python,
        paths=suite.paths,
        args=suite.args,
        **{**settings, **{name: value for name, value in given.items() if value is not None}},
    )


def property_steps(spec: PropertySpec, *, verify: bool = True) -> list[Step]:
    """Measure and recommend; then try what was recommended."""
    steps = [Step(PROPERTY, PROPERTY, spec)]
    if verify:
        fields = {name: getattr(spec, name) for name in spec.__struct_fields__}
        steps.append(Step(VERIFY, PROPERTY, PropertySpec(**{**fields, "part": "verify"})))
    return steps


def _duration(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Unfit(f"{key} is a duration, such as 60 or '2m'")
    return checks.duration(value)


def _tiers(value: Any) -> tuple[float, float, float]:
    if not isinstance(value, list) or len(value) != 3:
        raise Unfit("tiers_s are three numbers of seconds: fast, medium and slow end there")
    fast, medium, slow = (_duration("tiers_s", one) for one in value)
    if not fast < medium < slow:
        raise Unfit("tiers_s rise: fast, medium and slow end there")
    return fast, medium, slow


def _examples(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        raise Unfit("max_examples is a table: { local = 200, ci = 50 }")
    found: dict[str, int] = {}
    for profile, number in value.items():
        if profile not in _PROFILES:
            raise Unfit(f"max_examples knows local and ci, not '{profile}'", _close(profile, _PROFILES))
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST_EXAMPLES:
            raise Unfit(f"max_examples.{profile} is a whole number from 1 to {MOST_EXAMPLES}")
        found[profile] = number
    return found


def _close(word: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    close = nearest(word, list(choices))
    return (close,) if close else ()

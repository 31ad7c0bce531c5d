"""Options of ``brinell load`` that say when requests are sent, and which are not sent any more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from brinell.cli import options
from brinell.config.durations import seconds
from brinell.config.scenarios import disagreeing
from brinell.core.errors import UsageError, nearest
from brinell.rosters.shapes import SHAPES

USUAL_RATE = 1000.0
_HINT = "--rate 200, --rate 100..1000 (a ramp) or --rate 100,200,400 (steps)"
_OPTIONS = {"shed_after_s": "--shed-after", "grain_s": "--grain", "steady": "--steady"}

Rate = Annotated[
    str | None,
    typer.Option(
        "--rate",
        metavar="N|A..B|A,B,C",
        help="Requests a second (open model): even, a ramp, or steps that share the duration. Default: 1000.",
    ),
]
Shape = Annotated[
    str | None,
    typer.Option(
        "--shape",
        metavar="KIND[:KEY=VALUE,...]",
        help=f"A shape as in [[load]]: {', '.join(SHAPES)}. --rate and --duration fill in what is left out.",
    ),
]
MaxRequests = Annotated[
    int | None,
    typer.Option("--max-requests", metavar="N", min=1, max=10**12, help="Send no more than that, however long it is."),
]
ShedAfter = Annotated[
    float | None,
    typer.Option(
        "--shed-after",
        metavar="TIME",
        parser=options.duration,
        help="Drop requests that wait longer than that after they were due, unsent; they are counted.",
    ),
]
Grain = Annotated[
    float | None,
    typer.Option(
        "--grain",
        metavar="TIME",
        parser=options.duration,
        help="Send what falls due within that time together (1ms, as wrk2 does): cheaper at high rates, later by that.",
    ),
]
ThinkTime = Annotated[
    str | None,
    typer.Option("--think-time", metavar="TIME|A..B", help="How long users wait after an answer (closed model)."),
]
Steady = Annotated[
    bool, typer.Option("--steady", help="Judge on the steady part only: a warm-up is cut; none is no pass.")
]


def shape_of_options(
    ctx: typer.Context, model: str, rate: str | None, text: str | None, *, duration: float, think_time: str | None
) -> dict[str, Any]:
    """Return the shape's table, to be checked like one of a file. UsageError for what does not go together."""
    if model not in {"open", "closed"}:
        close = nearest(model, ["open", "closed"])
        hint = f"did you mean --model {close}?" if close else None
        raise UsageError(f"--model {model}: no such model; valid: open, closed", hint=hint)
    if text is not None:
        return _written(ctx, text, rate, duration, think_time)
    if model == "closed":
        if rate is not None:
            raise UsageError(
                "--rate belongs to the open model: in a closed one the service sets the pace",
                hint="leave --rate away, or use --model open",
            )
        think = {} if think_time is None else {"think_s": _between(think_time)}
        return {"kind": "closed", "duration": duration, **think}
    if think_time is not None:
        raise UsageError("--think-time is for users in turn", hint="--model closed --think-time 1s..3s")
    return of_rate(rate, duration)


def bounds(
    shape: dict[str, Any],
    shed_after: float | None,
    max_requests: int | None,
    *,
    grain: float | None = None,
    steady: bool = False,
) -> dict[str, Any]:
    """Return the fields of ``LoadSpec``. UsageError for what does not go with the shape."""
    fields = {"shed_after_s": shed_after, "max_requests": max_requests, "grain_s": grain or 0.0, "steady": steady}
    for key, why in disagreeing(str(shape.get("kind")), fields):
        raise UsageError(f"{_OPTIONS[key]}: {why}", hint=f"leave {_OPTIONS[key]} away")
    return fields


def of_rate(rate: str | None, duration: float) -> dict[str, Any]:
    """Return the shape that a rate makes, even, a ramp or steps. UsageError where it is none."""
    if rate is None:
        return {"kind": "constant", "rate": USUAL_RATE, "duration": duration}
    if ".." in rate:
        low, _, high = rate.partition("..")
        return {"kind": "ramp", "from_rate": _number(low), "to_rate": _number(high), "duration": duration}
    if "," in rate:
        rates = [_number(one) for one in rate.split(",")]
        return {"kind": "steps", "rates": rates, "each_s": duration / len(rates)}
    return {"kind": "constant", "rate": _number(rate), "duration": duration}


def _written(
    ctx: typer.Context, text: str, rate: str | None, duration: float, think_time: str | None
) -> dict[str, Any]:
    """Read ``KIND:KEY=VALUE,...``; what other options say fills in what the kind takes and is not written."""
    kind, _, rest = text.partition(":")
    table: dict[str, Any] = {"kind": kind, **_pairs(kind, rest)}
    if kind not in SHAPES:
        return table  # the configuration names those there are
    takes = {field.name for field in msgspec.structs.fields(SHAPES[kind])}  # type: ignore[arg-type]  # all are structs
    if "duration" in takes and "duration" not in table and (kind != "replay" or options.is_given(ctx, "duration")):
        table["duration"] = duration
    if "rate" in takes and "rate" not in table:
        table["rate"] = USUAL_RATE if rate is None else _number(rate)
    elif rate is not None:
        raise UsageError(f"--rate: {kind} has its rates in --shape", hint="leave --rate away")
    if kind == "steps" and "rates" in table and "each_s" not in table:
        table["each_s"] = duration / max(1, len(table["rates"]))
    if think_time is not None:
        table["think_s"] = _between(think_time)
    return table


def _pairs(kind: str, text: str) -> dict[str, Any]:
    """Read the keys. What has no key goes on with the value before it; a replay's first word is its file."""
    found: dict[str, Any] = {}
    last = "file" if kind == "replay" else ""
    for word in text.split(",") if text else ():
        key, equals, value = word.partition("=")
        if equals:
            last = key.strip()
            found[last] = [_value(value)] if last == "rates" else _value(value)
        elif kind == "ramp" and ".." in word:
            low, _, high = word.partition("..")
            found |= {"from_rate": _number(low), "to_rate": _number(high)}
        elif last == "rates":
            found[last].append(_value(word))
        elif last == "file" and "file" not in found:
            found["file"] = word
        else:
            raise UsageError(f"--shape {kind}: '{word[:40]}' is no KEY=VALUE", hint="--shape poisson:rate=200,seed=7")
    if isinstance(found.get("file"), str):
        found["file"] = str(Path.cwd() / found["file"])
    return found


def _value(text: str) -> Any:
    """A number, two times between which one is drawn, or text."""
    bare = text.strip()
    if ".." in bare and "/" not in bare:
        return _between(bare)
    try:
        return float(bare) if not bare.isdecimal() else int(bare[:30])
    except ValueError:
        return bare


def _between(text: str) -> float | list[float]:
    low, dots, high = text.partition("..")
    try:
        return [seconds(low), seconds(high)] if dots else seconds(low)
    except ValueError as error:
        raise UsageError(f"'{text[:40]}': {error}", hint="--think-time 2s, or --think-time 1s..3s") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--rate {text[:40]}: this is not a number of requests a second", hint=_HINT) from None

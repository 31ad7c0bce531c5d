"""What is asked of a cache, in words for the plan."""

from __future__ import annotations

from brinell.cli import schedule_words
from brinell.config.durations import spell
from brinell.config.scenarios import shape_of
from brinell.core.key_choice import choice_of, mix_of, prefilled
from brinell.core.plan import CacheSpec, LoadSpec
from brinell.load.cache.address import is_endpoint, is_store
from brinell.reports.figures import plural


def asked(spec: LoadSpec, cache: CacheSpec) -> list[str]:
    """Return a line for each thing that is asked, and when."""
    shape, choice, mix = shape_of(spec.shape), choice_of(cache, spec.seed), mix_of(cache)
    total = sum(mix.shares.values())
    shares = ", ".join(f"{share / total:.0%} {name}" for name, share in mix.shares.items() if share > 0)
    pace = f"{shape.model} model, {schedule_words.pace(spec, shape)} for {spell(shape.span_s)}"
    least, most = cache.value_bytes
    bounds = f"at most {plural(spec.connections, 'operation')} at once, {plural(spec.workers, 'worker')}"
    lines = [
        f"{pace}, of the cache {cache.target}",
        f"{shares}, on {plural(cache.keys, 'key')}, {choice.distribution}",
        f"{bounds}, {spell(spec.timeout_s)} for an answer",
    ]
    if not is_endpoint(cache.target):
        sizes = f"{least}" if least == most else f"{least} to {most}"
        first = f"{plural(prefilled(cache), 'key')} put in first" if cache.prefill else "begun as it is"
        lines.append(first.replace("put in", "asked for") if cache.through else f"values of {sizes} bytes; {first}")
    if not (is_endpoint(cache.target) or is_store(cache.target)):
        if cache.stampede:
            lines.append(f"before: {_crowds(cache)} at {cache.stampede}")
        if cache.probe:
            lines.append("before: keys deleted while others read them")
        if cache.through:
            lines.append(f"before: {_crowds(cache)} of a function whose loader, {cache.loader}, is counted")
        if cache.expires_s is not None:
            lines.append(f"before: keys that are to live for {spell(cache.expires_s)}")
    if is_endpoint(cache.target) and cache.probe:
        lines.append(f"before: {_crowds(cache)}" + (f", counted by {cache.counter}" if cache.counter else ""))
        lines += [f"before: keys changed with {cache.update.split()[0]} while they are cached"] if cache.update else []
        lines += [f"before: keys deleted with {cache.delete.split()[0]} while they are cached"] if cache.delete else []
    return lines


def _crowds(cache: CacheSpec) -> str:
    return f"{plural(cache.cold_keys, 'stampede')} of {cache.callers} callers"

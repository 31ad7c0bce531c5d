"""What stood around a scenario: what the generator needs by itself, what it may use up, what its machine was denied.

None of it makes a run worthless alone, but for a rate that was out of reach from the start: the rules of ``generator``
look at what happened, and happened is stronger than foreseen. It explains what they found, and it is said.
"""

from __future__ import annotations

from brinell.checks.load.tally import Tally
from brinell.checks.load.words import short
from brinell.core import outcomes
from brinell.core.finding import Finding
from brinell.core.generator_records import Calibrated
from brinell.core.histogram import Histogram
from brinell.core.judgement import Calibration
from brinell.core.verdicts import Reason, Verdict

CHECK = "load"
NEAR = 2.0  # response times below this multiple of the calibration's are, for one half or more, the generator's own
FEWEST = 20  # answers of the calibration from which on its median is spoken of
DENIED = 0.05  # share of the machine's processor time
REACHED = 0.97  # of the planned requests: whoever sent so many could
LONG_GC_S = 0.002


def histogram_of(calibrated: Calibrated, clock: str = "response") -> Histogram:
    """Return the times that the calibration saw, from when requests were due or, ``service``, from their sending."""
    found = Histogram()
    if clock == "service":
        found.add_sparse(calibrated.service, calibrated.max_service_ns)
    else:
        found.add_sparse(calibrated.response, calibrated.max_response_ns)
    return found


def beyond(tally: Tally) -> str | None:
    """Say that more was asked for than the generator reaches, unless the run itself showed that it does."""
    most = None if tally.calibrated is None else tally.calibrated.reach
    peak = tally.started.peak_rate or tally.started.target_rate
    if most is None or peak is None or peak <= most:
        return None
    target, sent = tally.started.target_rate, tally.sent_rate
    if target and sent is not None and sent >= REACHED * target:
        return None
    workers = tally.started.workers
    who = "its one worker reaches" if workers == 1 else f"its {workers} workers reach"
    return f"{peak:.0f}/s were asked for, and {who} {most:.0f}/s with a server that does nothing"


def circumstances(tally: Tally) -> list[str]:
    """Return what may be why a generator was late or had no time, in sentences."""
    found = []
    steal, throttled = denied(tally)
    if steal >= DENIED:
        found.append(f"A hypervisor gave {steal * 100:.0f} % of this machine's processor time to others (steal).")
    if throttled >= DENIED:
        found.append(f"A quota on processor time held everything back for {throttled * 100:.0f} % of the time.")
    if tally.longest_gc_s >= LONG_GC_S:
        found.append(
            f"The generator's own garbage collection took up to {short(tally.longest_gc_s * 1e3)} ms a second."
        )
    return found


def denied(tally: Tally) -> tuple[float, float]:
    """Return the shares of the scenario's time that a hypervisor and a quota took.

    The system adds up for how long a quota held each of the cores back, so of several at once it tells more time than
    passed: then it is all of it at most.
    """
    looks = tally.machine
    if len(looks) < 2:
        return 0.0, 0.0
    first, last = looks[0], looks[-1]
    elapsed = (last.at_ns - first.at_ns) / 1e9
    if elapsed <= 0:
        return 0.0, 0.0
    steal = 0.0 if first.steal_s is None or last.steal_s is None else last.steal_s - first.steal_s
    held = 0.0 if first.throttled_s is None or last.throttled_s is None else last.throttled_s - first.throttled_s
    return max(0.0, steal) / (elapsed * max(1, last.cores)), min(1.0, max(0.0, held) / elapsed)


def findings(scenario: str, tally: Tally, cited: tuple[str, ...]) -> list[Finding]:
    """Return the advisory findings."""
    return [
        *_near(scenario, tally, cited),
        *_means(scenario, tally, cited),
        *_denied(scenario, tally, cited),
    ]


def numbers(calibrated: Calibrated | None) -> Calibration | None:
    """Return the judgement's part; None of a run that knew no calibration."""
    if calibrated is None:
        return None
    if calibrated.skipped:
        return Calibration(skipped=calibrated.skipped)
    p50, p99 = histogram_of(calibrated).quantiles_ns((0.5, 0.99))
    return Calibration(
        skipped="",
        most_rate=calibrated.most_rate,
        cpu_us=calibrated.cpu_ns / 1e3,
        rate=calibrated.rate or None,
        p50_ms=None if p50 is None else p50 / 1e6,
        p99_ms=None if p99 is None else p99 / 1e6,
        connections=calibrated.connections,
        note=calibrated.note,
        server_us=calibrated.server_ns / 1e3,
    )


def _near(scenario: str, tally: Tally, cited: tuple[str, ...]) -> list[Finding]:
    if tally.calibrated is None or tally.calibrated.skipped:
        return []
    own = histogram_of(tally.calibrated)
    (took,), (seen,) = own.quantiles_ns((0.5,)), tally.response.quantiles_ns((0.5,))
    if own.count < FEWEST or took is None or seen is None:
        return []
    needed = took - tally.calibrated.server_ns
    if seen >= NEAR * needed:
        return []
    if needed >= seen:
        title = f"the response p50 of {short(seen / 1e6)} ms may all be the generator's own"
        detail = f"A server that does nothing took {short(needed / 1e6)} ms, when this machine had more to do."
    else:
        title = f"half of the response p50 of {short(seen / 1e6)} ms, or more, is the generator's own"
        detail = f"A server that does nothing took {short(needed / 1e6)} ms."
    return [
        _advice(
            f"load.{scenario}.calibration",
            f"{scenario}: {title}",
            f"{detail} Limits that are met are met; how fast the subject is by itself, these times do not tell: put "
            "the generator on a machine with more or faster cores.",
            cited,
        )
    ]


def _means(scenario: str, tally: Tally, cited: tuple[str, ...]) -> list[Finding]:
    means = tally.means
    if means is None or not means.shortages or tally.outcomes.get(outcomes.OWN_FAULT):
        return []  # what did run out is a rule's
    title = f"{scenario}: the generator might have run out of what it connects with, and did not"
    return [_advice(f"load.{scenario}.means", title, " ".join(means.shortages), cited)]


def _denied(scenario: str, tally: Tally, cited: tuple[str, ...]) -> list[Finding]:
    steal, throttled = denied(tally)
    if max(steal, throttled) < DENIED:
        return []
    title = f"{scenario}: this machine was denied {max(steal, throttled) * 100:.0f} % of its processor time"
    words = " ".join(circumstances(tally))
    advice = "A subject on this machine was slowed as well: run again where nobody else has the processor."
    return [_advice(f"load.{scenario}.machine", title, f"{words} {advice}", cited)]


def _advice(identity: str, title: str, detail: str, cited: tuple[str, ...]) -> Finding:
    return Finding(
        id=identity,
        check=CHECK,
        required=False,
        verdict=Verdict.UNKNOWN,
        reason=Reason.INVALID,
        title=title,
        detail=detail,
        evidence=cited,
    )

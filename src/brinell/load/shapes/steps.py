"""Open model at one rate after the other: what response time costs at each of them."""

from __future__ import annotations

from collections.abc import Iterator

from brinell.load.shapes.profile import Profile, Stage, Stretch, check_rate, check_span, exact, linear

MOST = 1000


class Steps(Profile, frozen=True, forbid_unknown_fields=True):
    """Each of ``rates`` (requests a second) for ``each_s`` seconds, in order."""

    rates: tuple[float, ...]
    each_s: float

    def __post_init__(self) -> None:
        """Refuse what cannot be scheduled."""
        if not 0 < len(self.rates) <= MOST:
            raise ValueError(f"rates holds 1 to {MOST} rates")
        for rate in self.rates:
            check_rate("rates", rate, least=0)
        if not any(self.rates):
            raise ValueError("rates are all 0: nothing would be sent")
        check_span("each_s", self.each_s)
        check_span("each_s times the number of rates", self.span_s)

    @property
    def span_s(self) -> float:
        """Seconds of the schedule."""
        return float(exact(self.each_s) * len(self.rates))

    @property
    def peak_rate(self) -> float:
        """The highest of the rates."""
        return max(self.rates)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Each step."""
        edges = [float(exact(self.each_s) * step) for step in range(len(self.rates) + 1)]
        return tuple(Stage(edges[step], edges[step + 1], rate, rate) for step, rate in enumerate(self.rates))

    def stretches(self) -> Iterator[Stretch]:
        """A piece for each step."""
        each = exact(self.each_s)
        for step, rate in enumerate(self.rates):
            yield linear(each * step, each, exact(rate), exact(rate))

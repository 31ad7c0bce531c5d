"""Records of the load generator's side: what it needs by itself, what it has, what its machine was denied; see
``core.observation``.
"""

from __future__ import annotations

import msgspec

from brinell.core.entry import Entry


class Calibrated(Entry, frozen=True):
    """What one worker needs by itself: the scenario's requests, before it, to a server that answers at once.

    ``skipped`` says why there is none; all else is 0 then. ``most_rate``: answers a second with every connection
    always busy; ``cpu_ns`` is what each took of a processor. ``response`` is that at ``rate`` requests a second
    (sparse, as in a slice); in a closed model, which has no rate, it is that of the busy connections. What of each the
    null server itself took is ``server_ns``: no part of it is the generator's. ``service`` is the same from the send:
    what of a response is waiting for a turn to send is not in it. ``note``: how the null server's traffic is not the
    scenario's.
    """

    skipped: str = ""
    seconds: float = 0.0
    connections: int = 0
    most_rate: float = 0.0
    cpu_ns: float = 0.0
    rate: float = 0.0
    response: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    max_response_ns: int = 0
    note: str = ""
    asked: float | None = None  # of the whole scenario, requests a second at most
    workers: int = 1
    server_ns: float = 0.0
    service: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    max_service_ns: int = 0

    @property
    def reach(self) -> float | None:
        """Requests a second that all workers can send to a server that does nothing; None: nobody knows.

        A worker that had to share its core is given what it would have reached on one of its own.
        """
        if self.skipped or self.cpu_ns <= 0:
            return None
        return self.workers * max(self.most_rate, 1e9 / self.cpu_ns)


class GeneratorMeans(Entry, frozen=True):
    """What the generator may use up, looked at before the run; None: not known here.

    ``descriptors`` a worker may have and may need; ``ports`` towards one address that are free and that the scenario
    holds at once, those of closed connections until the system gives them back (``linger_s``).
    """

    descriptors: int | None
    descriptors_needed: int
    ports: int | None
    ports_needed: int
    linger_s: float = 0.0

    @property
    def shortages(self) -> tuple[str, ...]:
        """What may run out, and what to do, a sentence each."""
        found = []
        if self.descriptors is not None and self.descriptors_needed > self.descriptors:
            found.append(
                f"Its connections may take {self.descriptors_needed} descriptors of a worker that may have "
                f"{self.descriptors}: raise the hard limit (ulimit -Hn), or take fewer connections or more workers."
            )
        if self.ports is not None and self.ports_needed > self.ports:
            rest = f", each resting {self.linger_s:g} s after its connection was closed" if self.linger_s else ""
            found.append(
                f"It may hold {self.ports_needed} ports at once{rest}, and {self.ports} were free: keep connections "
                "alive, or widen net.ipv4.ip_local_port_range."
            )
        return tuple(found)


class MachineSecond(Entry, frozen=True):
    """What this machine was denied, since it (or its control group) began: seconds over all ``cores``. None: not told.

    ``steal_s``: a hypervisor gave the processor to others. ``throttled_s``: the group's CPU quota was used up.
    """

    at_ns: int
    cores: int
    steal_s: float | None
    throttled_s: float | None


class Bystander(msgspec.Struct, frozen=True):
    """Processes of one name that belong neither to the subject nor to the load: cores that they used during it, and
    after it. ``ever``: of each process the lower of the two, added up; no load made them use that. With a process
    count those of its children that it saw end. The name is untrusted.
    """

    name: str
    during: float
    after: float
    ever: float


class Bystanders(Entry, frozen=True):
    """Who else used a machine that was full during a load of ``during_s``, and for ``after_s`` after it; the busiest
    first, and the sums of all.
    """

    at_ns: int
    during_s: float
    after_s: float
    during: float
    after: float
    ever: float
    busiest: tuple[Bystander, ...] = ()

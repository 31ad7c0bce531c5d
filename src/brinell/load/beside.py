"""The seam for whoever does something while a scenario runs: a drill, or a search that ends it early."""

from __future__ import annotations

from typing import Protocol


class Beside(Protocol):
    """Acts in the scenario's own loop and on its clock, so that instants and requests need no synchronisation.

    What is written down meanwhile it sees by giving the trial a room of its own (``Room.emit``).
    """

    def look(self, now_ns: int, start_ns: int) -> int | None:
        """Do what is due, without waiting for anything; ``start_ns`` is when the first request falls due.

        Called some ten times a second, and at the latest at the moment it returned. None: the scenario ends now, as if
        its schedule did.
        """
        ...


class Nothing:
    """Nobody is there: the schedule runs to its end."""

    def look(self, now_ns: int, start_ns: int) -> int | None:  # noqa: ARG002 - the protocol's
        """Ask to be asked again in a minute."""
        return now_ns + 60_000_000_000


NOTHING = Nothing()

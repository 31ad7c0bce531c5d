"""What a drill is: a frozen struct whose fields are its options, with a way to run it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Protocol

from brinell.core.plan import LoadSpec
from brinell.drills.scene import Scene
from brinell.subject.targets import Target


class Drill(Protocol):
    """One kind of drill. Its fields are the keys of ``[[drill]]`` beside those that every drill has."""

    about: ClassVar[str]  # one line, for lists
    starts: ClassVar[bool]  # it starts, ends and kills the service itself: an address alone will not do
    loads: ClassVar[bool]  # requests at a rate run beside it; otherwise it sends its own only
    driver: ClassVar[str]  # of the scenarios whose requests it can take
    versions: ClassVar[tuple[str, ...]]  # of HTTP that it speaks

    def look(self, load: LoadSpec, target: Target, root: Path, allow: Sequence[str]) -> None:
        """Find what could not be sent, before anything runs. UsageError. ``target``: perhaps not yet the service's."""
        ...

    def run(self, scene: Scene) -> None:
        """Do it, and write down what was seen; judge nothing."""
        ...

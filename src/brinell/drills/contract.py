"""What a drill is: a frozen struct whose fields are its options, with a way to run it."""

from __future__ import annotations

from typing import ClassVar, Protocol

from brinell.drills.scene import Scene


class Drill(Protocol):
    """One kind of drill. Its fields are the keys of ``[[drill]]`` beside those that every drill has."""

    about: ClassVar[str]  # one line, for lists
    starts: ClassVar[bool]  # it starts, ends and kills the service itself: an address alone will not do
    loads: ClassVar[bool]  # requests at a rate run beside it; otherwise it sends its own only

    def run(self, scene: Scene) -> None:
        """Do it, and write down what was seen; judge nothing."""
        ...

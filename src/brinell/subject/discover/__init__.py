"""What a project is made of, found by looking at its files. User code is parsed, never imported or run.

Everything is bounded: number of files, their size, depth of folders. Nothing found is a value too, and is said.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from brinell.subject.discover.apps import App, Route, Sources, read_sources
from brinell.subject.discover.commands import Command, backing_services, environment, find_command, likeliest
from brinell.subject.discover.suites import Suite, find_suite
from brinell.subject.discover.tree import packages

__all__ = ["App", "Command", "Facts", "Route", "Sources", "Suite", "look", "packages"]


class Facts(msgspec.Struct, frozen=True):
    """What was found in a project. ``needs_path``: folders that must be importable for the command to work."""

    root: Path
    packages: tuple[str, ...]
    suite: Suite
    sources: Sources
    app: App | None
    command: Command | None
    needs_path: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    environment_file: str = ""
    backing: tuple[str, ...] = ()
    backing_file: str = ""

    @property
    def openapi(self) -> str | None:
        """Where the service describes itself: what the framework serves, or a route called so."""
        if self.app and self.app.openapi:
            return self.app.openapi
        return next((route.path for route in self.sources.routes if route.path.endswith("/openapi.json")), None)

    @property
    def ready(self) -> Route | None:
        """The likeliest ready path."""
        return self.sources.health[0] if self.sources.health else None


def look(root: Path) -> Facts:
    """Look at a project. Reads files below ``root`` and nothing else."""
    root = root.resolve()
    sources = read_sources(root)
    app = likeliest(root, sources.apps)
    variables, variables_file = environment(root)
    images, images_file = backing_services(root)
    return Facts(
        root=root,
        packages=packages(root),
        suite=find_suite(root),
        sources=sources,
        app=app,
        command=find_command(root, app),
        needs_path=(str(app.base.relative_to(root)),) if app and app.base != root else (),
        environment=variables,
        environment_file=variables_file,
        backing=images,
        backing_file=images_file,
    )

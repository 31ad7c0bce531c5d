"""Every setting, read once from the environment; nothing else in the package reads it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_KIB, _MIB = 1024, 1024 * 1024


class SettingsError(ValueError):
    """The environment is not usable; one line per problem."""


def _number(variable: str, default: float, low: float, high: float, about: str) -> Any:
    """Declare a number: whole where the default is whole, within [low, high]."""
    return field(default=default, metadata={"variable": variable, "low": low, "high": high, "about": about})


def _choice(variable: str, default: str, choices: tuple[str, ...], about: str) -> Any:
    return field(default=default, metadata={"variable": variable, "choices": choices, "about": about})


def _text(variable: str, about: str) -> Any:
    return field(default="", metadata={"variable": variable, "about": about})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the service was told; suffixes carry the unit."""

    data_dir: str = field(
        default="data", metadata={"variable": "DATA_DIR", "about": "where the database file and the disk cache live"}
    )
    database_url: str = _text("DATABASE_URL", "sqlite:///FILE or postgresql://...; default notices.db in DATA_DIR")
    cache_dir: str = _text("CACHE_DIR", "the disk cache; default cache in DATA_DIR")

    pool_size: int = _number("POOL_SIZE", 4, 1, 64, "database threads, and as many connections, for reading")
    database_backlog: int = _number("DATABASE_BACKLOG", 256, 1, 100_000, "database work that may wait before 503")
    database_timeout_s: float = _number("DATABASE_TIMEOUT_S", 5.0, 0.05, 300.0, "longest one unit of work may take")

    cache_memory_bytes: int = _number("CACHE_MEMORY_BYTES", 32 * _MIB, 0, 1 << 40, "memory tier; 0 turns it off")
    cache_disk_bytes: int = _number("CACHE_DISK_BYTES", 128 * _MIB, 0, 1 << 44, "disk tier; 0 turns it off")
    cache_ttl_s: float = _number("CACHE_TTL_S", 60.0, 0.01, 86_400.0, "bounds what other processes' writes leave stale")

    max_body_bytes: int = _number("MAX_BODY_BYTES", 64 * _KIB, 256, 64 * _MIB, "request bodies beyond it get 413")
    body_timeout_s: float = _number("BODY_TIMEOUT_S", 10.0, 0.05, 300.0, "a body that takes longer gets 408")

    room_members: int = _number("ROOM_MEMBERS", 256, 1, 100_000, "connections a room takes before 503")
    max_rooms: int = _number("MAX_ROOMS", 1024, 1, 1_000_000, "rooms open at once before 503")
    member_backlog: int = _number("MEMBER_BACKLOG", 128, 1, 100_000, "messages a slow member may fall behind")
    max_message_bytes: int = _number("MAX_MESSAGE_BYTES", 16 * _KIB, 16, 16 * _MIB, "longer messages close the socket")

    drain_delay_s: float = _number("DRAIN_DELAY_S", 0.5, 0.0, 120.0, "not ready but still serving, after SIGTERM")
    shutdown_grace_s: float = _number("SHUTDOWN_GRACE_S", 10.0, 0.1, 600.0, "for requests in flight, after that")
    ready_timeout_s: float = _number("READY_TIMEOUT_S", 1.0, 0.01, 60.0, "deadline of each readiness check")

    log_level: str = _choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error"), "least severe line written")
    log_requests: str = _choice("LOG_REQUESTS", "failed", ("all", "failed", "none"), "failed: 5xx and slower than 1 s")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read and check every variable; empty counts as unset.

        Raises:
            SettingsError: with one line for each variable that is wrong.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for declared in dataclasses.fields(cls):
            raw = environment.get(declared.metadata["variable"], "").strip()
            if not raw:
                continue
            try:
                values[declared.name] = _parse(raw, declared)
            except ValueError as problem:
                problems.append(f"{declared.metadata['variable']} {problem}, not {raw!r}")
        if problems:
            raise SettingsError("\n".join(problems))
        return cls(**values)

    @property
    def cache_path(self) -> Path:
        """The folder of the disk cache."""
        return Path(self.cache_dir) if self.cache_dir else Path(self.data_dir) / "cache"

    @property
    def database(self) -> str:
        """The database URL with the default filled in."""
        return self.database_url or f"sqlite:///{Path(self.data_dir) / 'notices.db'}"


def _parse(raw: str, declared: dataclasses.Field[Any]) -> Any:
    limits = declared.metadata
    if choices := limits.get("choices"):
        if raw not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return raw
    if "low" not in limits:
        return _url(raw) if declared.name == "database_url" else raw
    whole = isinstance(declared.default, int)
    expected = f"must be a {'whole ' if whole else ''}number from {limits['low']} to {limits['high']}"
    try:
        number = int(raw) if whole else float(raw)
    except ValueError:
        raise ValueError(expected) from None
    if not limits["low"] <= number <= limits["high"]:  # also false for NaN
        raise ValueError(expected)
    return number


def _url(raw: str) -> str:
    if raw.startswith(("sqlite:///", "postgresql://", "postgres://")):
        return raw
    raise ValueError("must begin with sqlite:///, postgresql:// or postgres://")

"""What a number depends on: machine, interpreter, locked dependencies. Different fingerprints do not compare."""

from __future__ import annotations

import hashlib
import os
import platform
import re
from pathlib import Path

LOCK_FILES = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pylock.toml",
    "requirements.lock",
    "requirements.txt",
)


def fingerprint(root: Path) -> dict[str, str]:
    """Return the facts of this machine and project, each a short text.

    The subject's interpreter is not among them: it is known once the suite has started (``core.evidence.fingerprint``).
    """
    return {
        "machine": platform.machine(),
        "cpu": _cpu_model(),
        "cores": str(_cores()),
        "system": f"{platform.system()} {platform.release()}",
        "lock": _lock(root),
    }


def _cores() -> int:
    """Cores this process may use, which a container may have cut."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or "unknown"
    found = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or "unknown"


def _lock(root: Path) -> str:
    """Name and hash of the first lock file there is; ``none`` without one."""
    for name in LOCK_FILES:
        try:
            digest = hashlib.sha256((root / name).read_bytes()).hexdigest()[:12]
        except OSError:
            continue
        return f"{name}:{digest}"
    return "none"

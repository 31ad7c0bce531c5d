"""What a process finds around it: zone, locale, umask, limits, folders. PYTEST_DONT_REWRITE.

Each function takes ``(level, scratch)`` and raises ValueError or OSError, in words for a person, where it can't.
"""

import contextlib
import locale
import os
import re
import resource
import tempfile
import time

_ZONES = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo")
_POSIX_ZONE = re.compile(r"(<[+-]?\w{3,}>|[A-Za-z]{3,})[+-]?\d{1,3}(:\d\d){0,2}(\S*)")
_NEVER_WRITABLE = ("/sys/fs", "/sys/kernel")  # also for root, whom permission bits do not stop
_XDG = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
facts = {}  # what a level came to, for report()


def set_zone(level, _scratch=None):
    """``TZ`` and ``time.tzset``; a zone that is not installed would silently be UTC, so it is refused."""
    if not isinstance(level, str) or not (_POSIX_ZONE.fullmatch(level) or _installed(level)):
        raise ValueError("there is no time zone %r on this machine" % (level,))
    os.environ["TZ"] = level
    time.tzset()


def _installed(zone):
    folders = (os.environ.get("PYTHONTZPATH") or "").split(os.pathsep)
    found = any(os.path.isfile(os.path.join(folder, zone)) for folder in (*_ZONES, *folders) if folder)
    return zone == "UTC" or (found and not zone.startswith("/") and ".." not in zone)


def set_locale(level, _scratch=None):
    """``LC_ALL`` and ``LANG``, and LC_CTYPE of the C library as Python's own start would set it.

    For C and POSIX a new Python would switch to UTF-8 mode (PEP 540), so its encoding stays; only the environment
    changes. The encoding of file names is fixed when Python starts and stays too.
    """
    before = locale.setlocale(locale.LC_CTYPE)
    if level not in ("C", "POSIX"):
        try:
            locale.setlocale(locale.LC_CTYPE, level)
        except locale.Error:
            locale.setlocale(locale.LC_CTYPE, before)
            raise ValueError("the locale %s is not installed here" % (level,)) from None
    os.environ["LC_ALL"] = os.environ["LANG"] = level
    os.environ.pop("LANGUAGE", None)


def set_umask(level, _scratch=None):
    """An octal string, as the shell's umask takes it."""
    os.umask(int(level, 8))


def set_descriptor_limit(level, _scratch=None):
    """Soft limit of open files; at least 16 more than are open now, unless ``{"limit": n, "exact": true}``."""
    exact = isinstance(level, dict) and bool(level.get("exact"))
    limit = int(level["limit"] if isinstance(level, dict) else level)
    if not exact:
        limit = max(limit, _highest_descriptor() + 1 + 16)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and limit > hard:
        raise ValueError("the hard limit of open files is %d" % hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    facts["nofile"] = limit


def _highest_descriptor():
    for folder in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError):
            return max(int(name) for name in os.listdir(folder))
    return 64


def set_home(level, scratch):
    """``read-only``: HOME is a folder where nothing can be made; ``missing``: a path below it, as HOME=/nonexistent.

    For root, whom permission bits do not stop, that folder is one of the kernel's own. XDG_* go with HOME.
    """
    if level not in ("read-only", "missing"):
        raise ValueError("home is read-only or missing, not %r" % (level,))
    folder = os.path.join(scratch, "home")
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o500)
    home = next((path for path in (folder, *_NEVER_WRITABLE) if os.path.isdir(path) and not _writable(path)), None)
    if home is None:
        raise ValueError("this user can write everywhere")
    home = os.path.join(home, "nonexistent") if level == "missing" else home
    os.environ["HOME"] = home
    for name, below in zip(_XDG, (".config", ".cache", ".local/share", ".local/state")):  # noqa: B905 - from 3.10 on
        os.environ[name] = os.path.join(home, below)


def _writable(folder):
    path = os.path.join(folder, "brinell-%d" % os.getpid())
    try:
        os.mkdir(path)
    except OSError:
        return False
    os.rmdir(path)
    return True


def set_folder(level, scratch):
    """``scratch``: the current directory is an empty folder."""
    os.chdir(_empty(level, scratch, "cwd"))


def set_temporary(level, scratch):
    """``scratch``: TMPDIR is an empty folder, and ``tempfile`` looks again."""
    os.environ["TMPDIR"] = _empty(level, scratch, "tmp")
    tempfile.tempdir = None


def _empty(level, scratch, name):
    if level != "scratch":
        raise ValueError("only 'scratch' is offered, not %r" % (level,))
    folder = os.path.join(os.path.realpath(scratch), name)
    os.makedirs(folder, exist_ok=True)
    return folder

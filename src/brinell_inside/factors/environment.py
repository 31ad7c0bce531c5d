"""What a process finds around it: zone, locale, umask, limits, folders. PYTEST_DONT_REWRITE.

Each function takes ``(level, scratch)`` and raises ValueError or OSError, in words for a person, where it can't.
"""

import contextlib
import locale
import os
import re
import resource
import shutil
import subprocess
import tempfile
import time

_ZONES = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo")
_POSIX_ZONE = re.compile(r"(<[+-]?\w{3,}>|[A-Za-z]{3,})[+-]?\d{1,3}(:\d\d){0,2}(\S*)")
_LOCALE_NAME = re.compile(r"[A-Za-z][\w.@-]*")
_LOCALE_SOURCES = ("/usr/share/i18n/locales", "/usr/local/share/i18n/locales")
_SYSTEM_LOCALES = ("/usr/lib/locale",)
_LEAST_ROOM = 16  # descriptors: pytest itself needs some
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


def set_locale(level, scratch):
    """``LC_ALL`` and ``LANG``, and LC_CTYPE of the C library as Python's own start would set it.

    One that is not installed is compiled into a private folder where its source is here (LOCPATH, no root needed).
    ``{"variable": name}``: only what the environment says, as where that locale is missing. For C and POSIX a new
    Python would switch to UTF-8 mode (PEP 540), so its encoding stays; only the environment changes. The encoding of
    file names is fixed when Python starts and stays too.
    """
    name = level["variable"] if isinstance(level, dict) else level
    if not isinstance(name, str) or not _LOCALE_NAME.fullmatch(name):
        raise ValueError("%r is no name of a locale" % (name,))
    if not isinstance(level, dict) and name not in ("C", "POSIX") and not _took(name):
        before = os.environ.get("LOCPATH")
        os.environ["LOCPATH"] = os.pathsep.join(filter(None, (_compiled(name, scratch), before, *_SYSTEM_LOCALES)))
        if not _took(name):
            _put_back("LOCPATH", before)
            raise ValueError("the locale %s is not installed here, and what was compiled is not usable" % name)
    os.environ["LC_ALL"] = os.environ["LANG"] = name
    os.environ.pop("LANGUAGE", None)


def _took(name):
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        locale.setlocale(locale.LC_CTYPE, before)
        return False
    return True


def _put_back(variable, value):
    if value is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = value


def _compiled(name, scratch):
    """Folder with the locale ``name`` in it; raises ValueError saying what would enable it."""
    source, _, charset = name.partition(".")
    missing = "the locale %s is not installed here; " % name
    program = shutil.which("localedef")
    if program is None or not any(os.path.isfile(os.path.join(folder, source)) for folder in _LOCALE_SOURCES):
        raise ValueError(missing + "install it, or localedef and the sources of locales (Debian: locales)")
    kept = os.path.dirname(os.path.realpath(scratch))  # a server's own folder: its other children need it as well
    shared = os.path.join(kept if os.path.basename(kept).startswith("brinell-") else scratch, "locales")
    if not os.path.isdir(os.path.join(shared, name)):
        own = os.path.join(scratch, "locale-%d" % os.getpid())
        os.makedirs(own)
        command = [program, "-c", "-i", source, "-f", charset or "UTF-8", os.path.join(own, name)]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False
        )
        if not os.path.isdir(os.path.join(own, name)):
            said = done.stdout.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise ValueError(missing + "localedef: " + "".join(said))
        os.makedirs(shared, exist_ok=True)
        with contextlib.suppress(OSError):  # another child was faster
            os.rename(os.path.join(own, name), os.path.join(shared, name))
    return shared


def set_umask(level, _scratch=None):
    """An octal string, as the shell's umask takes it."""
    os.umask(int(level, 8))


def set_descriptor_limit(level, _scratch=None):
    """Soft limit of open files; raised until 16 more can be opened, unless ``{"limit": n, "exact": true}``.

    Descriptors above the limit stay open and take no room below it.
    """
    exact = isinstance(level, dict) and bool(level.get("exact"))
    limit = int(level["limit"] if isinstance(level, dict) else level)
    if not exact:
        limit = _with_room(limit, _open_descriptors())
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and limit > hard:
        raise ValueError("the hard limit of open files is %d" % hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    facts["nofile"] = limit


def _with_room(limit, taken):
    """The lowest limit from ``limit`` on below which at least ``_LEAST_ROOM`` numbers are not ``taken``."""
    free = limit - sum(number < limit for number in taken)
    while free < _LEAST_ROOM:
        free += limit not in taken
        limit += 1
    return limit


def _open_descriptors():
    for folder in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError):
            return {int(name) for name in os.listdir(folder)}
    return set(range(64))


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

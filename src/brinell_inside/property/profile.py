"""The profile that a job asks for, on top of whatever the project loads. PYTEST_DONT_REWRITE.

A ``@settings`` takes what it does not name from the profile that is loaded when its module is imported. So ours has to
be there before that, and has to come back when a conftest loads another one: ``settings.load_profile`` is replaced
by one that loads the project's, and then ours, whose parent it is.
"""

import datetime as dt
import os
import warnings
from contextlib import suppress

_NAME = "brinell-examined"


class Profile:
    """Keeps ``max_examples`` of the loaded profile at the job's."""

    def __init__(self, job):
        from hypothesis import settings  # noqa: PLC0415 - the subject's, if there is one

        self._settings = settings
        self._job = job
        self._load = settings.load_profile
        self.loaded = []  # by the project
        self.own_ci = "ci" in getattr(settings, "_profiles", {})
        self.parent_name = getattr(settings, "_current_profile", None) or "default"
        self.unusable_database = None
        self._begun = False
        self.parent = settings.default
        type.__setattr__(settings, "load_profile", staticmethod(self._load_theirs))  # their metaclass refuses

    def _load_theirs(self, name):
        self._load(name)
        self.loaded.append(str(name))
        self.parent_name = str(name)
        if self._begun:
            self._apply()

    def begin(self):
        """The first conftests are loaded: whatever profile they made took nothing from ours."""
        self._begun = True
        self._apply()

    def _apply(self):
        self.parent = self._settings.default
        changes = {"max_examples": self._job.examples, "derandomize": False, "database": self._database()}
        if "deadline_ms" in self._job.profile:
            limit = self._job.profile["deadline_ms"]
            changes["deadline"] = None if limit is None else dt.timedelta(milliseconds=limit)
        if "print_blob" in self._job.profile:
            changes["print_blob"] = bool(self._job.profile["print_blob"])
        self._settings.register_profile(_NAME, self._settings(self.parent, **changes))
        self._load(_NAME)

    def _database(self):
        """The project's own, read only: an examination leaves no example behind."""
        database = self._database_of(self.parent)
        if database is None:
            return None
        from hypothesis.database import ReadOnlyDatabase  # noqa: PLC0415 - the subject's

        path = str(getattr(database, "path", "") or "")
        if path and not _writable(path):
            self.unusable_database = path
        return ReadOnlyDatabase(database)

    def _database_of(self, settings):
        if getattr(settings, "derandomize", False):
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an unusable default location: said in the hello line
            database = settings.database
        if type(database).__name__ == "InMemoryExampleDatabase":
            with suppress(Exception):
                folder = _storage()
                if not _writable(folder):
                    self.unusable_database = folder
        return database

    def facts(self):
        """For the hello line: the project's own profile, not ours."""
        parent = self.parent
        return {
            "profile": self.parent_name,
            "profiles_loaded": self.loaded[:20],
            "derandomize": bool(parent.derandomize),
            "database": database_name(self._database_of(parent)),
            "examples": parent.max_examples,
            "deadline_ms": deadline_ms(parent),
            "ci_profile": self.own_ci,
            "unusable_database": self.unusable_database,
        }


def _storage():
    from hypothesis.configuration import storage_directory  # noqa: PLC0415 - the subject's

    try:
        found = storage_directory("examples", intent_to_write=False)
    except TypeError:  # versions that do not tell reading from writing
        found = storage_directory("examples")
    return str(getattr(found, "path", found))


def _writable(path):
    """Whether a folder can be written to, or made where it is not there yet."""
    while path and not os.path.isdir(path):
        above = os.path.dirname(os.path.abspath(path))
        if above == path:
            return False
        path = above
    return os.access(path, os.W_OK | os.X_OK)


def database_name(database):
    """Its type's name; a wrapped one's inner type."""
    if database is None:
        return None
    inner = getattr(database, "_wrapped", database)
    return type(inner).__name__.lstrip("_")


def deadline_ms(settings):
    """Milliseconds, or None."""
    deadline = settings.deadline
    return None if deadline is None else deadline.total_seconds() * 1000


def settings_of(item):
    """Settings of a Hypothesis item, and the place to put others: ``(settings, holder, attribute)``."""
    from hypothesis import settings  # noqa: PLC0415 - the subject's

    case = getattr(item, "cls", None)
    function = getattr(item.obj, "__func__", item.obj)
    if machine_of(item) is not None and isinstance(getattr(case, "settings", None), settings):
        return case.settings, case, "settings"
    found = getattr(function, "_hypothesis_internal_use_settings", None)
    return found or settings.default, function, "_hypothesis_internal_use_settings"


def machine_of(item):
    """The class of a stateful test, or None."""
    function = getattr(item.obj, "__func__", item.obj)
    found = getattr(function, "_hypothesis_state_machine_class", None)
    if found is None and getattr(item.cls, "runTest", None) is not None and hasattr(item.cls, "settings"):
        found = item.cls  # versions before that attribute
    return found

"""Runs Hypothesis tests the way a job asks for, and says what each cost. PYTEST_DONT_REWRITE."""

import time
from contextlib import suppress

import pytest

from brinell_inside.jsontext import encode
from brinell_inside.loaded import Launch
from brinell_inside.property import observe
from brinell_inside.property.case import Case
from brinell_inside.property.job import read_job
from brinell_inside.property.limit import Limit
from brinell_inside.property.profile import Profile, settings_of
from brinell_inside.serve.settle import before_collection

_AT_ONCE = 50


class _State:
    job = None
    profile = None
    limit = None
    case = None


def _say(record):
    if Launch.wire is not None:
        Launch.wire.send(encode(record) + "\n")


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests():
    """The first conftests load profiles; ours has to be there when test modules are imported, after that."""
    _State.job = read_job()
    with suppress(ImportError):
        import hypothesis  # noqa: F401, PLC0415 - the subject's, if there is one

        _State.profile = Profile(_State.job)
    yield
    if _State.profile is not None:
        _State.profile.begin()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """One process, the order as collected."""
    before_collection(config)
    _State.limit = Limit(config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Keep Hypothesis tests only."""
    if _State.job is None:
        return
    kept = [item for item in items if _is_property(item)]
    others = [item for item in items if not _is_property(item)]
    count = len(kept)
    if _State.job.only is not None:
        others += [item for item in kept if item.nodeid not in _State.job.only]
        kept = [item for item in kept if item.nodeid in _State.job.only]
    _say(_hello())
    _say({"kind": "property_tests", "tests": count, "others": len(items) - count})
    for first in range(0, len(kept), _AT_ONCE):
        _say({"kind": "property_ids", "ids": [item.nodeid for item in kept[first : first + _AT_ONCE]]})
    if others:
        items[:] = kept
        config.hook.pytest_deselected(items=others)


def _is_property(item):
    return bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))


def _hello():
    record = {"kind": "property_hello", "hypothesis": None}
    if _State.profile is not None:
        import hypothesis  # noqa: PLC0415 - the subject's

        record["hypothesis"] = str(hypothesis.__version__)
        record["observability"] = observe.interface()
        record.update(_State.profile.facts())
    return record


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Give the test its size, and take it back: parametrised and inherited tests share one function."""
    if _State.profile is None or not _is_property(item):
        yield
        return
    from hypothesis import settings  # noqa: PLC0415 - the subject's

    before, holder, name = settings_of(item)
    own = vars(holder).get(name, _State) if hasattr(holder, "__dict__") else _State
    size = _State.job.size(item.nodeid, before.max_examples)
    if size != before.max_examples:
        setattr(holder, name, settings(before, max_examples=size))
    case = _State.case = Case(item, before, size)
    outcome = None
    try:
        outcome = yield
    finally:
        _State.case = None
        if size != before.max_examples:
            if own is _State:
                with suppress(AttributeError):
                    delattr(holder, name)
            else:
                setattr(holder, name, own)
        if case.rang:
            _say({"kind": "property_limit", "id": item.nodeid, "seconds": case.call_s})
        if not _interrupted(outcome):  # a test that Ctrl-C fell into has no outcome
            _say(case.record())


def _interrupted(outcome):
    return outcome is not None and outcome.excinfo is not None and issubclass(outcome.excinfo[0], KeyboardInterrupt)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_setup():
    """Time the fixtures."""
    begun = time.perf_counter()
    yield
    if _State.case is not None:
        _State.case.setup_s = time.perf_counter() - begun


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_call(item):
    """Innermost: inside the wrapper of Hypothesis's own plug-in, whose collector this one extends."""
    case = _State.case
    if case is None:
        yield
        return
    seconds = _State.job.limit(item.nodeid)
    with case.listening(_State.job.mode):
        _State.limit.start(seconds)
        case.begin()
        outcome = yield
        case.end()
        _State.limit.end()
        case.rang = _State.limit.rang
    case.saw(outcome.excinfo)

"""One condition of a process changed: the factors of a test's failure. PYTEST_DONT_REWRITE.

Applied after fork, or before collection, for the rest of the process. Nothing here may fail the tests but the changed
condition itself: what can't be changed on this machine is said, and nothing is raised.
"""

import contextlib
import sys

from brinell_inside.factors.moments import moments

__all__ = ["FACTORS", "apply", "late_problems", "moments", "release", "report"]

FACTORS = {
    "tz": "time zone of the process",
    "locale": "locale of the process",
    "clock": "wall clock of Python",
    "rng": "seed of random and numpy.random",
    "entropy": "seed of os.urandom, uuid4, secrets and unseeded generators",
    "umask": "permission bits withheld from new files",
    "home": "home folder that is read-only or missing",
    "tmp": "folder for temporary files",
    "network": "network beyond this machine",
    "sleep": "how long time.sleep takes",
    "threads": "when new threads begin to run",
    "switch": "seconds until Python lets another thread run",
    "interleaving": "where threads change places",
    "hash": "seed of str hashes, which orders sets (needs a fresh interpreter)",
    "cwd": "current directory",
    "nofile": "limit of open files",
    "cpu": "share of the processor",
}


def apply(levels, scratch, config=None):
    """Change the conditions named in ``levels`` (``{factor: level}``); returns ``{factor: why it could not be}``.

    ``scratch``: an existing private folder. ``config``: pytest's, where there is one. Never raises.
    """
    problems = {name: "there is no such factor" for name in levels if name not in FACTORS}
    for name in FACTORS:  # in this order: the clock is read in its zone, limits come when all that is needed is open
        if name in levels:
            try:
                _change(name, levels[name], scratch, config)
            except Exception as error:  # noqa: BLE001 - whatever this machine lacks, the tests must run
                problems[name] = str(error) or type(error).__name__
    return problems


def _change(name, level, scratch, config):
    # Imported when used: each of these pulls in modules that the tests may not have loaded yet, which they could see.
    if name == "hash":
        raise ValueError("needs a fresh interpreter")
    if name == "clock":
        from brinell_inside.factors import clock, environment  # noqa: PLC0415

        moment = level if isinstance(level, dict) else {"at": level}
        at = clock.parsed(moment["at"])
        if moment.get("tz"):
            environment.set_zone(moment["tz"])
        clock.shift(at)
        if config is not None:
            clock.again_for_each_test(at, config)
    elif name in ("rng", "entropy"):
        from brinell_inside.factors import randomness  # noqa: PLC0415

        if name == "rng":
            randomness.rng(int(level), config)
        else:
            randomness.entropy(int(level))
    elif name == "network":
        from brinell_inside.factors import network  # noqa: PLC0415

        network.start(level)
    elif name == "cpu":
        from brinell_inside.factors import processor  # noqa: PLC0415

        processor.starve(level)
    elif name == "interleaving":
        from brinell_inside.factors import interleaving  # noqa: PLC0415

        interleaving.set_interleaving(level)
    elif name in ("sleep", "threads", "switch"):
        from brinell_inside.factors import waiting  # noqa: PLC0415

        {"sleep": waiting.set_sleep, "threads": waiting.set_threads, "switch": waiting.set_switch_interval}[name](level)
    else:
        _change_surroundings(name, level, scratch)


def _change_surroundings(name, level, scratch):
    from brinell_inside.factors import environment as around  # noqa: PLC0415 - as above

    change = {
        "tz": around.set_zone, "locale": around.set_locale, "umask": around.set_umask, "home": around.set_home,
        "tmp": around.set_temporary, "cwd": around.set_folder, "nofile": around.set_descriptor_limit,
    }[name]  # fmt: skip
    change(level, scratch)


def release():
    """End what must not outlive this process (spinners, stoppers). Idempotent; never raises."""
    processor = _loaded("processor")
    if processor is not None:
        with contextlib.suppress(Exception):  # they end with this process anyway
            processor.stop()


def late_problems():
    """``{factor: why}`` of what turned out, while the tests ran, to have changed more than it should. Never raises."""
    network = _loaded("network")
    with contextlib.suppress(Exception):  # then nothing is known
        return network.late_problems() if network is not None else {}
    return {}


def report():
    """Facts gathered so far: ``network`` and ``network_local`` (attempts), ``nofile`` (limit in force)."""
    facts = {}
    for name, attribute in (("network", "counts"), ("environment", "facts")):
        facts.update(getattr(_loaded(name), attribute, {}))
    return facts


def _loaded(name):
    return sys.modules.get("brinell_inside.factors." + name)

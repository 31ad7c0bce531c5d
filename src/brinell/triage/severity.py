"""How urgent is a bug? A literal table, most urgent first; the first rule that matches sets the severity and is named.

P0 and what is about money look at product code only: the functions and files of a matched product frame, or what a
failed assertion is shown to have called. Names of tests and their literals never match. Where no rule matches: P2.

Where a frame's name makes a P0, how it failed must not speak against it. A slip (a ``TypeError`` in ``authenticate``)
stops the code and shows no more than that it stopped: a crash. A guard's or a limit's refusal is what it is for.
"""

from __future__ import annotations

import builtins
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from brinell.core.clock import iso
from brinell.core.verdicts import Owner, Severity
from brinell.triage.owner import Scope
from brinell.triage.reading import Reading, function_of

HOURS = {Severity.P0: 24, Severity.P1: 72, Severity.P2: 7 * 24, Severity.P3: 14 * 24}
MOSTLY = 0.5  # of what was tried: from here on one broken piece of infrastructure stops the suite


@dataclass(frozen=True)
class Rule:
    """``field`` names a fact of ``facts``; ``pattern`` is searched in it. ``product`` demands a matched product frame
    and a bug that the product owns. A failure whose ``manner`` is one of ``unless`` does not match.
    """

    id: str
    severity: Severity
    field: str
    pattern: str
    product: bool
    because: str
    unless: tuple[str, ...] = ()


P0, P1, P2, P3 = Severity

_GUARDS = (
    r"\b(auth|authenticate|authentication|authori[sz]e|authori[sz]ation|permissions?|credentials?|passwords?|csrf|xss|"
    r"crypto|encrypt|decrypt|encryption|acl|privileges?)\b"
)
_STORES = r"\b(migrate|migrations?|backup|restore|truncate (?:table|tables|file|journal|log)|purge|fsync)\b"
_DAMAGED = r"\b(corrupt\w*|checksum|malformed database|torn|data ?loss|lost update)\b"
_SPENDS = r"\b(quotas?|budgets?|spend|spending|metering|autoscal\w+)\b"
_MONEY = (
    r"\b(prices?|pricing|payments?|refunds?|invoices?|billing|tax|taxes|discounts?|currency|currencies|money|ledger|"
    r"charges?|payouts?)\b"
)
_STYLE = r"^(black|flake8|pep8|pycodestyle|pydocstyle|pylint|ruff|isort|mypy|mypy-status)$"
_INTEGRITY = r"\b(integrity error|constraint|deadlock\w*|race condition|foreign key)\b"
_SLOW = r"\b(timeout\w*|timed out|deadline exceeded|too slow)\b"
_SETTING = r"\b(improperly configured|configuration|config error|settings error|environment variable)\b"

# id, severity, fact, pattern, needs a product frame and a product bug, why, manners that speak against it
RULES: tuple[Rule, ...] = (
    Rule(
        "P0-security", P0, "code", _GUARDS, True, "the failing product code guards access or secrets",
        unless=("slip", "refusal"),
    ),
    Rule(
        "P0-data-loss", P0, "code", _STORES, True, "the failing product code keeps, moves or removes stored data",
        unless=("slip",),
    ),
    Rule("P0-corruption", P0, "raised", _DAMAGED, True, "product code reports damaged or lost data"),
    Rule(
        "P0-cost", P0, "code", _SPENDS, True, "the failing product code limits what is spent",
        unless=("slip", "refusal"),
    ),
    Rule("P1-money", P1, "code", _MONEY, True, "the failing product code computes or moves money"),
    Rule("P1-money-shown", P1, "called", _MONEY, False, "the failed assertion compares what such a function returned"),
    Rule(
        "P1-guard-shown", P1, "called", _GUARDS, False,
        "the failed assertion compares the answer of a function that guards access or secrets",
    ),
    Rule("P3-style", P3, "item", _STYLE, False, "a style or type checker reports it, not a test"),
    Rule("P3-documentation", P3, "situation", "^doctest$", False, "an example in the documentation is out of date"),
    Rule("P3-deprecation", P3, "situation", "^deprecation$", False, "a deprecation warning was turned into an error"),
    Rule("P1-process", P1, "situation", "^(killed|crashed worker)$", False, "the process died while tests ran"),
    Rule(
        "P1-suite", P1, "situation", "^suite stopped$", False, "broken infrastructure silences at least half the suite"
    ),
    Rule(
        "P2-infrastructure", P2, "situation", "^infrastructure$", False, "infrastructure; most of the suite still runs"
    ),
    Rule("P1-integrity", P1, "raised", _INTEGRITY, True, "product code broke a rule of the data's integrity"),
    Rule("P1-invariant", P1, "situation", "^product assertion$", True, "an assertion inside product code failed"),
    Rule("P2-performance", P2, "raised", _SLOW, False, "it took longer than it may"),
    Rule("P2-configuration", P2, "raised", _SETTING, False, "a setting is missing or wrong"),
    Rule("P2-refusal", P2, "situation", "^refusal$", True, "the product refuses, with an exception of its own"),
    Rule("P1-crash", P1, "situation", "^crash$", True, "an unexpected exception leaves product code"),
    Rule("P1-unimportable", P1, "situation", "^unimportable$", False, "a part of the product cannot be imported"),
    Rule("P2-behaviour", P2, "situation", "^assertion$", False, "the product does not do what a test expects"),
    Rule("P2-test-gap", P2, "situation", "^test$", False, "the test itself fails before it can say anything"),
)  # fmt: skip
UNSURE = Rule("P2-unsure", P2, "", "", False, "no rule is sure of anything worse or better")

_CALLED = re.compile(r"\bwhere .{1,400}? = (?:<[^>\n]{0,200}>\.|await )?([A-Za-z_][\w.]{0,200})\(")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BUILTINS = frozenset(dir(builtins))
_TIMEOUT = re.compile(r"Timeout (?:>|\()")
# What a wrong type, name, key or index in the code itself raises, seldom anybody on purpose.
_SLIPS = frozenset({
    "TypeError", "AttributeError", "NameError", "UnboundLocalError", "KeyError", "IndexError", "ZeroDivisionError",
    "RecursionError", "NotImplementedError", "ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError",
})  # fmt: skip
_NOT_A_CRASH = frozenset({"SystemExit", "KeyboardInterrupt", "Skipped", "Exit"})


def severity_of(reading: Reading, owner: Owner, scope: Scope) -> tuple[Severity, str]:
    """Return the severity and the rule that set it, as one line: ``P1-crash: why (what matched)``."""
    known = facts(reading, owner, scope)
    for rule in RULES:
        if rule.product and (reading.product is None or owner is not Owner.PRODUCT):
            continue
        if known["manner"] in rule.unless:
            continue
        found = re.search(rule.pattern, known.get(rule.field, ""), re.IGNORECASE)
        if found:
            return rule.severity, f"{rule.id}: {rule.because}{_matched(rule, reading, found[0])}"
    return UNSURE.severity, f"{UNSURE.id}: {UNSURE.because}"


def facts(reading: Reading, owner: Owner, scope: Scope) -> dict[str, str]:
    """Return what the rules look at. ``code`` and ``called`` are words of identifiers, lower case."""
    raised = reading.raised
    # pytest-timeout ends a test by failing it wherever it is at that moment.
    told = reading.raising is not None and (
        reading.raising[1].is_product or _TIMEOUT.match(raised.message if raised else "")
    )
    return {
        "code": _words(_code(reading)),
        "raised": f"{_words(raised.type)} {raised.message[:500] if told else ''}" if raised is not None else "",
        "called": " ".join(_words(name) for name in called(reading)),
        "item": reading.failure.test.rpartition("::")[2].lower(),
        "situation": situation(reading, owner, scope),
        "manner": _manner(reading),
    }


def _manner(reading: Reading) -> str:
    """How product code failed: ``slip``, ``refusal``, or empty for anything else."""
    if reading.raised is not None and reading.raised.type in _SLIPS:
        return "slip"
    return "refusal" if _of_exception(reading) == "refusal" else ""


def situation(reading: Reading, owner: Owner, scope: Scope) -> str:
    """Return the one word for what kind of failure this is."""
    failure, raised = reading.failure, reading.raised
    if failure.phase in {"signal", "crash"} or (failure.kind == "process" and failure.test):
        return "killed" if failure.phase != "crash" else "crashed worker"
    if raised is not None and raised.type.rpartition(".")[2] in {"DocTestFailure", "MultipleDoctestFailures"}:
        return "doctest"
    if raised is not None and re.fullmatch(r"\w*(?:Deprecat\w*|Removed\w*)Warning", raised.type):
        return "deprecation"
    if owner is Owner.INFRASTRUCTURE:
        return "suite stopped" if failure.kind == "process" or scope.share >= MOSTLY else "infrastructure"
    if reading.missing is not None and owner is Owner.PRODUCT:
        return "unimportable" if failure.kind == "collection" else "test"
    return _of_exception(reading)


def _of_exception(reading: Reading) -> str:
    raised = reading.raised
    if raised is None:
        return "unknown"
    if reading.product is not None:
        if reading.is_assertion and reading.raising is not None and reading.raising[1].is_product:
            return "product assertion"
        if reading.declared and reading.raising is not None and reading.raising[1].is_product:
            return "refusal"
        return "unknown" if raised.type in _NOT_A_CRASH else "crash"
    return "assertion" if reading.is_assertion else "test"


def called(reading: Reading) -> tuple[str, ...]:
    """Return the functions that pytest's introspection shows a failed assertion to have called, without Python's own:
    in ``assert len(items) == 3`` nobody doubts ``len``.
    """
    if not reading.is_assertion or reading.raised is None:
        return ()
    return tuple(name for name in dict.fromkeys(_CALLED.findall(reading.raised.message)) if name not in _BUILTINS)


def _code(reading: Reading) -> str:
    """The product's function and its file's name; folders above say too little about one function."""
    if reading.product is None:
        return ""
    frame, place = reading.product
    return f"{function_of(frame)} {place.path.rpartition('/')[2].removesuffix('.py')}"


def _words(identifiers: str) -> str:
    return " ".join(_WORDS.findall(identifiers)).lower()


def _matched(rule: Rule, reading: Reading, word: str) -> str:
    if reading.product is not None and rule.field in {"code", "raised", "situation"}:
        frame, place = reading.product
        what = f"'{word}'" if rule.field != "situation" else reading.raised.type if reading.raised is not None else ""
        return f" ({what} in {place.path}: {function_of(frame)})"
    if rule.field == "called":
        return f" ({', '.join(called(reading))})"
    return ""


def due(started: str, severity: Severity) -> str:
    """Return the deadline as an absolute time in UTC, counted from the run's start; empty if that is not known."""
    if not started:
        return ""
    return iso(datetime.fromisoformat(started) + timedelta(hours=HOURS[severity]))

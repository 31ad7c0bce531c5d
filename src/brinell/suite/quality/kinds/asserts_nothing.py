"""Tests that assert nothing: they pass whatever the code gives, as long as it raises nothing.

Not meant: tests that say that not raising is the point (in their name, docstring or a comment), properties (Hypothesis
looks for an exception), benchmarks, and tests that are skipped or expected to fail.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from brinell.core.quality_records import Weakness
from brinell.suite.quality.found_tests import Test, marks
from brinell.suite.quality.names import arguments, last
from brinell.suite.quality.nodes import own_nodes, walk
from brinell.suite.quality.project import Module
from brinell.suite.quality.scan import Scan, found

KIND = "asserts-nothing"
_SAYS_SO = re.compile(
    r"(?:\b|_)(?:no|not|nt|n't|without|never|(?:is|does|do|should|must|can|will|did|could|would)n(?:'|o)?t|cannot)"
    r"[\s_]+(?:(?:be|even|any|an|a|the|to|cause|lead|produce|trigger|emit|issue|result|in|get|give|throw|raise|longer)"
    r"[\s_]+){0,3}"
    r"(?:rais|throw|crash|error|fail|exception|explo|blow|hang|deadlock|leak|segfault|warn|break|block|problem|complain|"
    r"recurs|die|overflow|trace|choke|panic|assert)",
    re.IGNORECASE,
)
_SMOKE = re.compile(
    r"(?:\b|_)(?:smoke|fuzz\w*|importable|benchmarks?|segfault\w*|crash\w*|deadlock\w*|infinite loop|"
    r"infinite recursion|memory leaks?|types?[ _]?(?:check\w*|hints?)|mypy|pyright|noop|no_op|just works?|"
    r"does nothing|do nothing)(?:\b|_)",
    re.IGNORECASE,
)

_ACCEPTS = re.compile(
    r"\bno\b[^.]{0,80}\b(?:raised|thrown)\b|"
    r"\bnothing (?:happens|gets|is)|\b(?:is|are|be) (?:accepted|allowed|permitted|possible|ignored)|\bsucceeds?\b|"
    r"\bit'?s possible\b|\bcan be\b|\bworks?\b|\bsilently\b",
    re.IGNORECASE,
)
_CALM = re.compile(
    r"(?:\b|_)(?:harmless\w*|idempotent\w*|(?:is|are|be)_(?:safe|fine|tolerated|ignored)|does_nothing|do_nothing|"
    r"nothing_happens|no_effect|tolerat\w+|surviv\w+|silent\w*|quietly)(?:\b|_)",
    re.IGNORECASE,
)  # of names: that it goes without a word is what they say
_TWICE = re.compile(r"(?:\b|_)(?:twice|again|repeated\w*|two_times|second_time)(?:\b|_)", re.IGNORECASE)
_GOOD = re.compile(
    r"success|succeed|(?:^|_)(?:ok|okay|valid|accepts?|accepted|allows?|allowed|pass|passes|can|good|fine|works|happy)(?:_|$)"
)
_A_FEW_WORDS = 2
_RAISING = {"raises", "assertRaises", "assertRaisesRegex", "RaisesGroup"}


def asserts_nothing(scan: Scan) -> Iterator[Weakness]:
    """Yield tests without an assertion in their own code and in what they use."""
    for test in scan.tests:
        if not scan.assertions.of_test(test) and not _is_excused(test):
            variant = "empty" if _is_empty(test.node.body) else "compares" if _returns_comparison(test) else ""
            yield found(KIND, test.module, test.node, test=test.id, name=test.node.name, variant=variant)


def _is_excused(test: Test) -> bool:
    names = {name for name, _ in marks(test)}
    if names & {"skip", "skipif", "xfail", "benchmark"}:
        return True
    for decorator in test.decorators:
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        if last(node) in {"given", "skip", "skipIf", "skipUnless", "expectedFailure", "overload", "abstractmethod"}:
            return True
    if {"benchmark", "autojump_benchmark"} & set(arguments(test.node)) or _skips(test.node.body):
        return True
    if _is_empty(test.node.body):
        return _is_explained(test)
    return _says_so(test) or _checks_by_raising(test)


def _says_so(test: Test) -> bool:
    """Whether its name, its docstring or a comment says that not raising is the point."""
    said = ast.get_docstring(test.node) or ""
    words = "\n".join([test.node.name, said, test.module.source.comments_within(test.node)])
    imports = any(isinstance(one, (ast.Import, ast.ImportFrom)) for one in own_nodes(test.node))
    if "import" in test.node.name and imports:
        return True
    if _CALM.search(test.node.name) or (_TWICE.search(test.node.name) and _repeats(test.node.body)):
        return True
    return bool(_SAYS_SO.search(words) or _SMOKE.search(words) or _ACCEPTS.search(said))


def _repeats(body: list[ast.stmt]) -> bool:
    """Whether the last statement is one that stands there before: that it can be done twice is the point."""
    final = ast.dump(body[-1])
    return any(ast.dump(one) == final for one in body[:-1])


def _is_explained(test: Test) -> bool:
    """Whether a comment within an empty test says why it is empty."""
    first, final = test.node.lineno, test.node.end_lineno or test.node.lineno
    comments = [test.module.source.comments.get(line, "") for line in range(first, final + 1)]
    return any(len(text.split()) > _A_FEW_WORDS and not text.lower().startswith(("todo", "fixme")) for text in comments)


def _checks_by_raising(test: Test) -> bool:
    """Whether a test shows the good case of what tests beside it expect to raise.

    Either its name says so; or it calls a function that is called for nothing but raising: nobody here uses its result.
    """
    function = _last(test.node.body)
    called = last(function) if function is not None else ""
    if any(isinstance(one, ast.ClassDef) and one.name == called for one in test.node.body):
        return True  # it makes one of a class of its own: that this is possible is what is tested
    if not called or called not in _raising_calls(test):
        return False
    if _GOOD.search(test.node.name):
        return True
    return called not in _used_results(test.module) and isinstance(function, ast.Name)


def _used_results(module: Module) -> set[str]:
    """Return the functions of which some call's result is used in a module."""
    return {
        last(node.func)
        for node in walk(module.source.tree)
        if isinstance(node, ast.Call) and not isinstance(_above(module, node), ast.Expr)
    }


def _above(module: Module, node: ast.AST) -> ast.AST | None:
    above = module.source.parents.get(node)
    return module.source.parents.get(above) if isinstance(above, ast.Await) else above


def _last(body: list[ast.stmt]) -> ast.expr | None:
    """Return the function that the last statement calls for its effect; None where it does something else."""
    value = body[-1].value if isinstance(body[-1], ast.Expr) else None
    value = value.value if isinstance(value, ast.Await) else value
    return value.func if isinstance(value, ast.Call) else None


def _raising_calls(test: Test) -> set[str]:
    """Return what the tests beside this one call and expect to raise: then not raising is the other answer."""
    around: ast.AST = test.owner or test.module.source.tree
    return {
        last(inner.func)
        for node in walk(around)
        if isinstance(node, (ast.With, ast.AsyncWith))
        and any(last(part) in _RAISING for item in node.items for part in walk(item.context_expr))
        for statement in node.body
        for inner in walk(statement)
        if isinstance(inner, ast.Call)
    }


def _is_empty(body: list[ast.stmt]) -> bool:
    return all(
        isinstance(one, ast.Pass) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)) for one in body
    )


def _skips(body: list[ast.stmt]) -> bool:
    """Whether the test itself skips or expects to fail, unconditionally."""
    for one in body:
        call = one.value if isinstance(one, ast.Expr) else None
        if isinstance(call, ast.Call) and last(call.func) in {"skip", "xfail", "skipTest", "importorskip"}:
            return True
    return False


def _returns_comparison(test: Test) -> bool:
    return any(
        isinstance(node, ast.Return) and isinstance(node.value, (ast.Compare, ast.BoolOp))
        for node in own_nodes(test.node)
    )

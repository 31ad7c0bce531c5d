"""Exceptions as they are described: links, groups, hostile classes, bounded size."""

import json
import sys

import pytest

from brinell_inside import chain


def described(error):
    return json.loads(chain.describe(error))


def caught(action):
    with pytest.raises(BaseException) as info:  # noqa: PT011 - whatever it is
        action()
    return info.value


def test_root_cause_first_with_its_link():
    def fail():
        try:
            try:
                {}["key"]
            except KeyError as error:
                raise ValueError("explicit") from error
        except ValueError:
            raise TypeError("while handling")  # noqa: B904 - the implicit context is the subject

    entries = described(caught(fail))

    assert [(entry["type"], entry["link"]) for entry in entries] == [
        ("KeyError", "cause"), ("ValueError", "context"), ("TypeError", None),
    ]  # fmt: skip
    assert entries[0]["frames"][-1]["function"].endswith("fail")


def test_suppressed_context_is_not_followed():
    def fail():
        try:
            {}["key"]
        except KeyError:
            raise ValueError("instead") from None

    assert [entry["type"] for entry in described(caught(fail))] == ["ValueError"]


def test_loops_end():
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first

    assert [entry["message"] for entry in described(first)] == ["b", "a"]


def test_long_chains_are_cut_at_the_near_end_of_the_root():
    error = ValueError("0")
    for number in range(1, 50):
        following = ValueError(str(number))
        following.__cause__ = error
        error = following

    assert [entry["message"] for entry in described(error)] == [str(number) for number in range(40, 50)]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with 3.11")
def test_group_members_are_children():
    members = [ValueError(str(number)) for number in range(30)]
    members[0].__cause__ = KeyError("root")
    (entry,) = described(ExceptionGroup("many", [*members, ExceptionGroup("inner", [OSError("deep")])]))

    assert entry["children_count"] == 31
    assert len(entry["children"]) == chain.MAX_CHILDREN
    assert [link["type"] for link in entry["children"][0]] == ["KeyError", "ValueError"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with 3.11")
def test_nested_groups_end():
    group = OSError("bottom")
    for depth in range(40):
        group = ExceptionGroup(f"depth {depth}", [group])

    assert "depth 36" in chain.describe(group)
    assert "depth 30" not in chain.describe(group)


class HostileMeta(type):
    @property
    def __module__(cls):
        raise RuntimeError("no module")


class HostileError(Exception):
    def __str__(self):
        raise SystemExit("not even an Exception")

    __repr__ = __str__


class TextSubclass(str):
    __slots__ = ()

    def __len__(self):
        raise RuntimeError("no length")

    def __getitem__(self, key):
        raise RuntimeError("no items")

    def isascii(self):
        raise RuntimeError("no idea")


class TextError(Exception):
    def __str__(self):
        return TextSubclass("visible")


def test_hostile_exceptions_are_described():
    assert described(HostileError())[0]["message"] == "<SystemExit raised by str()>"
    assert described(TextError())[0]["message"] == "visible"
    odd = type("Odd", (Exception,), {"__module__": 5, "__cause__": 7})
    assert described(odd("fine"))[0]["message"] == "fine"
    assert described(ImportError("x", name=5))[0]["import_name"] is None


def test_deep_recursion_keeps_both_ends():
    def dive(depth):
        if depth:
            dive(depth - 1)
        raise ValueError("bottom")

    (entry,) = described(caught(lambda: dive(300)))

    assert len(entry["frames"]) == chain.MAX_FRAMES_HEAD + chain.MAX_FRAMES_TAIL
    assert entry["frames_omitted"] == 303 - 60  # this test's own three outermost, then 300 of dive


def test_everything_together_is_bounded():
    def dive(depth):
        if depth:
            dive(depth - 1)
        raise ValueError("\U0001f600" * 5000)

    error = None
    for _ in range(20):
        following = caught(lambda: dive(100))
        following.__cause__ = error
        error = following
    described_error = described(error)

    assert len(chain.describe(error)) <= chain.MAX_JSON_BYTES
    assert described_error[-1]["type"] == "ValueError"


def test_syntax_errors_and_imports_say_where():
    (entry,) = described(caught(lambda: compile("x = (", "config.py", "exec")))
    assert entry["syntax"]["file"] == "config.py"
    assert entry["syntax"]["line"] == 1
    (entry,) = described(caught(lambda: __import__("there_is_no_such_module.part")))
    assert entry["import_name"] == "there_is_no_such_module"

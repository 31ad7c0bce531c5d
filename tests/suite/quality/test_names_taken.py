"""Tests whose name something else takes afterwards, in the same scope."""

from __future__ import annotations

import pytest

SHARED = (
    "def test_empty(): assert f()\nclass TestShelf:\n    def test_a(self): assert f()\ndef test_client(): return 1\n"
)
TEST = "def test_a(): assert f()\n"
CLASS = "class TestA:\n    def test_a(self): assert f()\n"
LOST = {
    "a variable": (TEST + "test_a = 3", "taken"),
    "with its type": (TEST + "test_a: int = 3", "taken"),
    "of several": (TEST + "x, test_a = 1, 2", "taken"),
    "a loop": (TEST + "for test_a in (1, 2):\n    use(test_a)", "taken"),
    "a with": (TEST + "with open('x') as test_a:\n    pass", "taken"),
    "an import": (TEST + "from other import test_a", "taken"),
    "an import under that name": (TEST + "import other as test_a", "taken"),
    "an except": (TEST + "try:\n    f()\nexcept KeyError as test_a:\n    pass", "taken"),
    "a class": (CLASS + "TestA = object()", "taken"),
    "in a class": ("class TestB:\n    def test_a(self): assert f()\n    test_a = 3\n", "taken"),
    "imported and defined": ("from shared import test_empty\ndef test_empty(): assert g()", "import"),
    "imported as": ("from shared import test_empty as test_a\ndef test_a(): assert g()", "import"),
    "a class that is imported": ("from shared import TestShelf\n" + CLASS.replace("TestA", "TestShelf"), "import"),
}
LOST |= {
    "in an if, and below it": ("if True:\n    def test_a(): assert f()\n" + TEST, ""),
    "in a try, and below it": ("try:\n    def test_a(): assert f()\nexcept NameError:\n    pass\n" + TEST, ""),
}
KEPT = {
    "one or the other": "if x:\n    def test_a(): assert f()\nelse:\n    def test_a(): assert g()\n",
    "in an if, and used below it": "if x:\n    def test_a(): assert f()\n    add(test_a)\n" + TEST,
    "decorated by hand": TEST + "test_a = mark(test_a)",
    "run in between": TEST + "add(test_a)\ntest_a = 3",
    "taken away": TEST + "del test_a\ntest_a = 3",
    "in a branch": TEST + "if x:\n    test_a = 3",
    "in a function": TEST + "def test_b():\n    test_a = 3\n    assert test_a",
    "another's attribute": TEST + "test_a.slow = True",
    "a loop over it": TEST + "for test_a in (test_a,):\n    pass",
    "a subclass of its name": "from shared import TestShelf\nclass TestShelf(TestShelf):\n    size = 2",
    "an import that is no test": "from shared import TestShelf\ndef helper(): return 1\ndef helper(): return 2",
    "somebody else's": "from other import test_app\ndef test_app(): assert f()",
    "in a comprehension": TEST + "x = [test_a for test_a in 'ab']",
}


@pytest.mark.parametrize(("text", "variant"), LOST.values(), ids=LOST)
def test_a_test_that_loses_its_name_is_found(read, text, variant):
    assert [one.variant for one in read({"tests/test_it.py": text, "tests/shared.py": SHARED}).of("shadowed")] == [
        variant
    ]


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_one_that_keeps_it_is_left_alone(read, text):
    assert not read({"tests/test_it.py": text, "tests/shared.py": SHARED}).of("shadowed")

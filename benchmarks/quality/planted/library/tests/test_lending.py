import functools
import sys
import unittest

import pytest

from library import Shelf
from shared_cases import test_empty_shelf, test_full_shelf

try:
    import library_card_printer
except ImportError:
    library_card_printer = None


def shelf():
    return Shelf("Emma", "Dracula", "Ulysses")


def test_lend():
    assert shelf().lend("Emma", "Ann")


def test_give_back():
    books = shelf()
    books.lend("Emma", "Ann")
    assert books.give_back("Emma") == "Ann"


@pytest.mark.parametrize("title", ["Emma", "Dracula"])
def test_here(title):
    assert title in shelf().here()


class TestReaders:
    def test_second_reader(self):
        books = shelf()
        books.lend("Emma", "Ann")
        assert not books.lend("Emma", "Bob")

    def test_lend(self):
        assert shelf().lend("Emma", "Bob")

    def test_other_title(self):
        assert shelf().lend("Dracula", "Bob")

    def test_second_reader(self):
        books = shelf()
        books.lend("Emma", "Ann")
        books.give_back("Emma")
        assert books.lend("Emma", "Bob")


class TestReturns:
    def test_return_unknown(self):
        assert shelf().give_back("Emma") is None

    def test_second_reader(self):
        assert shelf().lend("Emma", "Bob")


def test_lend():
    books = shelf()
    books.lend("Emma", "Ann")
    assert books.lent == {"Emma": "Ann"}


def test_here():
    assert len(shelf().here()) == 3


def test_full_shelf():
    assert len(Shelf("Emma", "Dracula").here()) == 2


class TestReturns:
    def test_return_twice(self):
        books = shelf()
        books.lend("Emma", "Ann")
        books.give_back("Emma")
        assert books.give_back("Emma") is None


if sys.version_info >= (3, 9):

    def test_merge():
        assert {**shelf().lent} | {} == {}

else:

    def test_merge():
        assert {**shelf().lent} == {}


if library_card_printer is not None:

    def test_card():
        assert library_card_printer.show("Ann")

else:

    @pytest.mark.skip(reason="no card printer here")
    def test_card():
        assert library_card_printer.show("Ann")


class ShelfContract:
    """What every kind of shelf does."""

    def make(self):
        raise NotImplementedError

    def test_starts_full(self):
        assert len(self.make().here()) == 2

    def test_lends(self):
        assert self.make().lend("Emma", "Ann")


class TestPlainShelf(ShelfContract):
    def make(self):
        return Shelf("Emma", "Dracula")


class TestLongShelf(ShelfContract):
    def make(self):
        return Shelf("Emma", "Dracula", "Ulysses")

    def test_starts_full(self):
        assert len(self.make().here()) == 3


class ByUnittest(unittest.TestCase):
    def test_unknown_title(self):
        self.assertFalse(shelf().lend("Hamlet", "Ann"))

    def test_here(self):
        self.assertEqual(len(shelf().here()), 3)

    def test_unknown_title(self):
        self.assertIsNone(shelf().give_back("Hamlet"))


class Reader:
    """A reader with a limit, for the tests below."""

    def __init__(self):
        self._limit = 1

    @property
    def limit(self):
        return self._limit

    @limit.setter
    def limit(self, value):
        self._limit = value


@functools.singledispatch
def titles_of(thing):
    raise TypeError(thing)


@titles_of.register
def _(thing: Shelf):
    return thing.titles


@titles_of.register
def _(thing: str):
    return [thing]


def test_limit():
    def check(reader):
        return reader.limit == 2

    reader = Reader()
    reader.limit = 2
    assert check(reader)


def test_titles():
    def check(thing):
        return titles_of(thing) == ["Emma"]

    assert check("Emma")
    assert check(Shelf("Emma"))


def test_is_imported_as_it_is():
    assert test_empty_shelf.__module__ == "shared_cases"

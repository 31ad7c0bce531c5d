import unittest

import pytest

from checks import LedgerAssertions
from ledger import Book, Entry


class Lines:
    def __init__(self):
        self.lines = []

    def line(self, text):
        self.lines.append(text)


class TestExport:
    def setup_method(self):
        self.book = Book()
        self.book.transfer("cash", "rent", 7)
        self.out = Lines()

    def _exported(self):
        self.book.export(self.out)
        return self.out.lines

    def _is(self, *lines):
        assert self._exported() == list(lines)

    def test_lines(self):
        self._is("cash;-7", "rent;7")

    def test_order(self):
        lines = self._exported()
        lines.sort()

    def test_unknown_writer(self):
        try:
            self.book.export(object())
        except AttributeError:
            return
        pytest.fail("a writer without line() was taken")


class ExportByUnittest(LedgerAssertions, unittest.TestCase):
    def setUp(self):
        self.book = Book()
        self.book.post(Entry("cash", 3))

    def test_total(self):
        self.assertTotal(self.book, 3)

    def test_total_after_second_post(self):
        self.book.post(Entry("cash", 4))
        self.showTotal(self.book)

    def test_entries(self):
        self.assertCountEqual(self.book.entries, [Entry("cash", 3)])

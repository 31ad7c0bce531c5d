"""What the tests of the ledger share."""

import contextlib
import logging
import time

import pytest

from ledger import LedgerError

log = logging.getLogger("tests")


def verify_transfer(book, source, target, cents):
    verify_account(book, source, -cents)
    verify_account(book, target, cents)


def verify_account(book, account, cents):
    _same(book.total(account), cents, account)


def _same(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: {found}, not {wanted}")


def inspect_transfer(book, source, target):
    inspect_account(book, source)
    inspect_account(book, target)


def inspect_account(book, account):
    _show(account, book.total(account))


def _show(what, value):
    log.info("%s is %s", what, value)


def accounts_match(book, expected):
    return {one.account for one in book.entries} == set(expected)


@contextlib.contextmanager
def refused(reason):
    with pytest.raises(LedgerError, match=reason):
        yield


@contextlib.contextmanager
def timed(label):
    began = time.perf_counter()
    yield
    log.info("%s took %.3f s", label, time.perf_counter() - began)


@contextlib.contextmanager
def unchanged(book):
    before = list(book.entries)
    yield
    assert book.entries == before


class Expect:
    """expect(value).to_be(3)"""

    def __init__(self, value):
        self.value = value

    def to_be(self, wanted):
        assert self.value == wanted
        return self


def expect(value):
    return Expect(value)


class LedgerAssertions:
    """For unittest classes."""

    def assertTotal(self, book, cents):
        self.assertEqual(book.total(), cents)

    def showTotal(self, book):
        print("total", book.total())

import logging
from unittest import mock

import pytest

from checks import accounts_match, expect, inspect_transfer, refused, timed, unchanged, verify_transfer
from ledger import Book, Entry, LedgerError


def test_new_book_is_empty(book):
    assert book.entries == []


def test_post_and_print(book, capsys):
    book.post(Entry("rent", 90_000))
    book.post(Entry("cash", -90_000))
    for one in book.entries:
        print(one.account, one.cents)
    capsys.readouterr()


def test_transfer_keeps_balance(book):
    book.transfer("cash", "rent", 500)
    book.total() == 0


def test_transfer_touches_both_accounts(book):
    book.transfer("cash", "rent", 500)
    accounts_match(book, ["cash", "rent"])


def test_transfer_amounts(book):
    book.transfer("cash", "rent", 500)
    inspect_transfer(book, "cash", "rent")


def test_transfer_amounts_are_exact(book):
    book.transfer("cash", "rent", 500)
    verify_transfer(book, "cash", "rent", 500)


@pytest.mark.parametrize(("cents", "expected"), [(1, 1), (250, 250), (99_999, 99_999)])
def test_transfer_sizes(book, cents, expected):
    book.transfer("cash", "rent", cents)
    result = book.total("rent")
    logging.getLogger("tests").debug("moved %s, wanted %s", result, expected)


def test_listener_hears_of_posts():
    listener = mock.Mock()
    Book(notify=listener).post(Entry("cash", 5))
    listener.sent.assert_called_once_with


def test_listener_is_told_once():
    listener = mock.Mock()
    Book(notify=listener).post(Entry("cash", 5))
    listener.sent.assert_called_once_with("cash", 5)


def test_posting_many_is_quick(book):
    with timed("thousand posts"):
        for cents in range(1000):
            book.post(Entry("cash", cents))


def test_closed_book_refuses(book):
    book.close()
    with refused("closed"):
        book.post(Entry("cash", 1))


def test_refused_transfer_changes_nothing(book):
    with unchanged(book), pytest.raises(LedgerError):
        book.transfer("cash", "rent", 0)


def test_total_of_one_account(book):
    book.transfer("cash", "rent", 70)
    expect(book.total("rent")).to_be(70)


def test_old_name_still_warns(book):
    with pytest.warns(FutureWarning, match="use post"):
        book.add("cash", 1)


def test_post_is_remembered(book, assert_posted):
    book.post(Entry("cash", 12))
    assert_posted("cash", 12)


def test_round_trip(balanced_book):
    balanced_book.transfer("cash", "rent", 40)
    balanced_book.transfer("rent", "cash", 15)


def test_scratch_book(scratch_book):
    scratch_book.transfer("cash", "rent", 40)
    scratch_book.transfer("rent", "cash", 40)


def test_every_entry_has_an_account(book):
    def has_account(entry):
        assert entry.account

    book.transfer("cash", "rent", 40)
    book.each(has_account)


def test_every_entry_is_small(book):
    def is_small(entry):
        assert entry.cents < 100

    book.transfer("cash", "rent", 40)
    book.each(print)

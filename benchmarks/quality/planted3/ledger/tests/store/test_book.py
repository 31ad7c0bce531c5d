import time
from unittest import mock

import pytest
from bookkeeping import books_open, books_unchanged
from sqlalchemy.exc import IntegrityError

from ledger.store import Account, Book, UnknownAccount


@pytest.fixture
def listener():
    return mock.Mock(spec=["posted"])


@pytest.fixture
def book(listener):
    book = Book(listeners=[listener])
    book.open_account("1000", "Cash")
    book.open_account("4000", "Sales")
    yield book
    book.close()


def test_post_keeps_the_trial_balance(book):
    with books_unchanged(book):
        book.post("1000", "4000", 1250)


def test_post_into_open_books():
    with books_open(Book()) as book:
        book.post("1000", "4000", 1250)


def test_listener_hears_of_it(book, listener):
    book.post("1000", "4000", 5)
    listener.posted.assert_called_once_with("1000", "4000", 5)


def test_listener_hears_once(book, listener):
    book.post("1000", "4000", 5)
    listener.posted.assert_called_once


def test_unknown_account_rolls_back(book):
    with pytest.raises(UnknownAccount):
        try:
            book.post("1000", "7000", 5)
        except Exception:
            book.session.rollback()
            raise


def test_amounts_are_positive(book):
    try:
        book.post("1000", "4000", 0)
    except Exception as error:
        message = str(error)
    else:
        message = ""
    assert "positive" in message


def test_duplicate_code(book):
    with pytest.raises(IntegrityError):
        book.open_account("1000", "Cash again")


def test_account_by_id(book):
    cash = book.account("1000")
    assert book.session.query(Account).get(cash.id) is cash


def test_account_by_id_in_session(book):
    cash = book.account("1000")
    assert book.session.get(Account, cash.id) is cash


def test_transfer_rounds(book):
    book.transfer("1000", "4000", 12.345)
    assert book.balance("1000") in (1234, 1235)


def test_transfer_warns(book):
    with pytest.deprecated_call():
        book.transfer("1000", "4000", 1.0)
    assert book.balance("4000") == -100


def test_postings_are_seen_by_a_second_book(tmp_path):
    url = f"sqlite:///{tmp_path}/books.db"
    first, second = Book(url), Book(url)
    first.open_account("1000", "Cash")
    first.session.commit()
    time.sleep(0.05)
    assert second.account("1000").name == "Cash"
    first.close()
    second.close()


@pytest.mark.skip()
def test_fiscal_years(book):
    assert book.fiscal_year(2024).balance("1000") == 0


@pytest.mark.skip("needs the closing entries of #41")
def test_closing(book):
    assert book.close_year(2024) == []

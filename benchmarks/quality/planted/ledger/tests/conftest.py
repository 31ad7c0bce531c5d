import pytest

from ledger import Book, Entry


@pytest.fixture
def book():
    return Book()


@pytest.fixture
def balanced_book():
    """A book that has to be in balance again when the test is over."""
    book = Book()
    yield book
    assert book.is_balanced(), [f"{one.account} {one.cents}" for one in book.entries]


@pytest.fixture
def scratch_book():
    book = Book()
    book.post(Entry("scratch", 1))
    yield book
    book.entries.clear()


@pytest.fixture
def assert_posted(book):
    def check(account, cents):
        __tracebackhide__ = True
        if Entry(account, cents) not in book.entries:
            pytest.fail(f"{cents} was not posted to {account}")

    return check

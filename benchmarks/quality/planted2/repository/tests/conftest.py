import time

import pytest

from shelf import Book, Session, SqlBooks


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


@pytest.fixture
def books(session):
    return SqlBooks(session)


@pytest.fixture
def shelf(books):
    for isbn, title in [("1", "Emma"), ("2", "Ada"), ("3", "Zazie")]:
        books.add(Book(isbn, title))
    return books


@pytest.fixture
def vacuumed(shelf):
    shelf.lend("1")
    shelf.vacuum_later()
    time.sleep(0.5)
    return shelf


@pytest.fixture
def rollback(session):
    try:
        yield session
    except Exception:
        session.connection.rollback()
        raise

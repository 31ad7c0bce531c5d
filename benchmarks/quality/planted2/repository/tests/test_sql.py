import os
import threading
from contextlib import suppress
from unittest import mock

import pytest

from shelf import Book, Conflict, NotFound, Session, SqlBooks

needs_postgres = pytest.mark.skipif("PG_DSN" not in os.environ, reason="needs PG_DSN")


class TestBooks:
    def test_list(self, shelf):
        assert [book.title for book in shelf.list()] == ["Ada", "Emma", "Zazie"]

    def test_lend(self, shelf):
        shelf.lend("1")
        book = shelf.get("1")
        remaining = book.copies

    def test_lend_last(self, shelf):
        shelf.lend("1")
        with pytest.raises(Conflict, match="no copy of 1"):
            shelf.lend("1")

    def test_reflexive(self):
        book = Book("1", "Emma")
        assert book == book
        assert hash(book) == hash(Book("1", "Anna"))

    def test_copies(self, shelf):
        book = shelf.get("1")
        assert book.copies == book.copies

    def test_remove_unknown(self, shelf):
        with suppress(Exception):
            shelf.remove("99")
        assert len(shelf.list()) == 3

    def test_vacuum(self, vacuumed):
        with pytest.raises(NotFound):
            vacuumed.get("1")

    def test_vacuum_keeps_others(self, shelf):
        timer = shelf.vacuum_later(after=0)
        timer.join(5)
        assert len(shelf.list()) == 3


class TestFind:
    def test_find(self, shelf):
        assert shelf.find("1") == Book("1", "Emma")

    def test_find_nothing(self, shelf):
        assert shelf.find("99") is None

    def test_find_logs(self, shelf):
        with mock.patch("shelf.log") as log:
            shelf.find("1")
        assert log.warn.called


class TestSession:
    def test_commit(self, tmp_path):
        path = tmp_path / "a.db"
        with Session(path) as session:
            SqlBooks(session).add(Book("1", "Emma"))
        assert Session(path).execute("select count(*) from book").fetchone() == (1,)

    def test_rollback(self, rollback):
        with pytest.raises(ZeroDivisionError):
            with rollback as session:
                SqlBooks(session).add(Book("1", "Emma"))
                1 / 0
        assert SqlBooks(rollback).list() == []

    def test_commit(self, session):
        with session:
            pass
        assert not session.connection.in_transaction

    def test_close(self):
        session = Session()
        session.close()
        assert not session.open

    def test_threads(self, books):
        errors = []

        def add(number):
            try:
                books.add(Book(str(number), "t"))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=add, args=[n]) for n in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []

    @pytest.mark.xfail()
    def test_nested(self, session):
        with session, session.nested():
            pass
        assert session.open


@needs_postgres
@pytest.mark.sql
def test_on_postgres():
    import psycopg2

    assert psycopg2.connect(os.environ["PG_DSN"]).status


@pytest.mark.sql
@pytest.mark.skipif("MYSQL_DSN" not in os.environ, reason="")
def test_on_mysql():
    import pymysql

    assert pymysql.connect(host=os.environ["MYSQL_DSN"]).open

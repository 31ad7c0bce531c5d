"""Repositories over sqlite3, with a session and units of work."""

import logging
import sqlite3
import threading

log = logging.getLogger("shelf")


class NotFound(LookupError):
    pass


class Conflict(Exception):
    pass


class Book:
    def __init__(self, isbn, title, copies=1):
        self.isbn = isbn
        self.title = title
        self.copies = copies

    def __eq__(self, other):
        return isinstance(other, Book) and self.isbn == other.isbn

    def __hash__(self):
        return hash(self.isbn)

    def __repr__(self):
        return f"<Book {self.isbn}>"


class Session:
    def __init__(self, path=":memory:"):
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(path, check_same_thread=False)
        self.connection.execute(
            "create table if not exists book (isbn text primary key, title text not null, copies int check (copies >= 0))"
        )
        self.open = True

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        if kind:
            self.connection.rollback()
        else:
            self.connection.commit()

    def execute(self, sql, *args):
        with self.lock:
            return self.connection.execute(sql, args)

    def close(self):
        self.connection.close()
        self.open = False


class MemoryBooks:
    def __init__(self):
        self.rows = {}

    def add(self, book):
        if book.isbn in self.rows:
            raise Conflict(book.isbn)
        self.rows[book.isbn] = book

    def get(self, isbn):
        try:
            return self.rows[isbn]
        except KeyError:
            raise NotFound(isbn) from None

    def list(self):
        return sorted(self.rows.values(), key=lambda book: book.title)

    def remove(self, isbn):
        self.rows.pop(isbn, None)


class SqlBooks:
    def __init__(self, session):
        self.session = session

    def add(self, book):
        try:
            self.session.execute("insert into book values (?, ?, ?)", book.isbn, book.title, book.copies)
        except sqlite3.IntegrityError as error:
            raise Conflict(book.isbn) from error

    def get(self, isbn):
        row = self.session.execute("select * from book where isbn = ?", isbn).fetchone()
        if row is None:
            raise NotFound(isbn)
        return Book(*row)

    def find(self, isbn):
        log.warn("find() is going away")
        row = self.session.execute("select * from book where isbn = ?", isbn).fetchone()
        return row and Book(*row)

    def list(self):
        return [Book(*row) for row in self.session.execute("select * from book order by title")]

    def remove(self, isbn):
        self.session.execute("delete from book where isbn = ?", isbn)

    def lend(self, isbn):
        done = self.session.execute("update book set copies = copies - 1 where isbn = ? and copies > 0", isbn)
        if not done.rowcount:
            raise Conflict(f"no copy of {isbn}")

    def vacuum_later(self, after=0.05):
        timer = threading.Timer(after, self.session.execute, ["delete from book where copies = 0"])
        timer.start()
        return timer

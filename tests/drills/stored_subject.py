"""What backends keep in a database, with and without its help: ``stored_subject.py PORT DEFECT DATABASE``.

DATABASE is a file of SQLite or an address of PostgreSQL; every request has a connection and a thread of its own.

POST /orders {"key"}        gets or creates      twice: looks, then inserts; breaks: so too, constrained
POST /numbers {"key"}       gives the next one   numbers: the highest one and one
POST /buy {"key"}           sells one of three   oversells: looks, then writes what is left
POST /transfer {"key"}      moves one            loses: reads both balances, then writes them
GET /orders?key= /sold?key= /accounts?key=       how many there are, how many were sold, balances
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg

TABLES = """
CREATE TABLE orders (id {serial}, key TEXT NOT NULL {unique});
CREATE TABLE numbers (key TEXT NOT NULL, number INTEGER NOT NULL {numbered});
CREATE TABLE stock (key TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE sold (key TEXT NOT NULL);
CREATE TABLE accounts (key TEXT NOT NULL, name TEXT NOT NULL, balance INTEGER NOT NULL, PRIMARY KEY (key, name))
"""
COUNTS = {
    "/orders": "SELECT count(*) FROM orders WHERE key = ?",
    "/sold": "SELECT count(*) FROM sold WHERE key = ?",
}
HIGHEST = "SELECT coalesce(max(number), 0) + 1 FROM numbers"
NEXT = """INSERT INTO numbers SELECT ?, coalesce(max(number), 0) + 1 FROM numbers WHERE true
ON CONFLICT DO NOTHING RETURNING number"""
MOVE = "UPDATE accounts SET balance = balance + CASE name WHEN 'a' THEN -1 ELSE 1 END WHERE key = ?"
_THINKING_S = 0.001  # between a look and what follows from it: the backend works


class Store:
    def __init__(self, defect: str, where: str) -> None:
        self.defect = defect
        self.where = where
        self.large = where.startswith("postgresql")
        unique = "" if defect == "twice" else "UNIQUE"
        serial = "SERIAL PRIMARY KEY" if self.large else "INTEGER PRIMARY KEY"
        numbered = "" if defect == "numbers" else "UNIQUE"
        with self.connected() as ask:
            for table in TABLES.format(serial=serial, unique=unique, numbered=numbered).split(";"):
                ask(table)

    @contextlib.contextmanager
    def connected(self) -> Iterator[Any]:
        """A connection that commits after every statement."""
        if self.large:
            with psycopg.connect(self.where, autocommit=True) as connection:
                yield lambda words, *values: self._rows(connection.execute(words.replace("?", "%s"), values))
        else:
            with contextlib.closing(sqlite3.connect(self.where, isolation_level=None, timeout=10)) as connection:
                yield lambda words, *values: connection.execute(words, values).fetchall()

    @staticmethod
    def _rows(cursor: Any) -> list[Any]:
        return cursor.fetchall() if cursor.description else []

    def answer(self, path: str, key: str) -> tuple[int, Any]:
        with self.connected() as ask:
            match path:
                case "/orders":
                    return self.order(ask, key)
                case "/numbers":
                    return self.number(ask, key)
                case "/buy":
                    return self.buy(ask, key)
                case "/open":
                    ask("INSERT INTO stock VALUES (?, 3)", key)
                    ask("INSERT INTO accounts VALUES (?, 'a', 50), (?, 'b', 50)", key, key)
                    return 201, {}
                case "/transfer":
                    return self.transfer(ask, key)
        return 404, {}

    def told(self, path: str, key: str) -> tuple[int, Any]:
        with self.connected() as ask:
            if path == "/accounts":
                rows = ask("SELECT name, balance FROM accounts WHERE key = ?", key)
                return 200, {"accounts": [{"name": name, "balance": balance} for name, balance in rows]}
            words = COUNTS.get(path)
            if words is None:
                return 200 if path == "/" else 404, {}
            return 200, {"count": ask(words, key)[0][0]}

    def order(self, ask: Any, key: str) -> tuple[int, Any]:
        if self.defect in {"twice", "breaks"}:
            found = ask("SELECT id FROM orders WHERE key = ?", key)
            time.sleep(_THINKING_S)
            made = [] if found else ask("INSERT INTO orders (key) VALUES (?) RETURNING id", key)
        else:
            made = ask("INSERT INTO orders (key) VALUES (?) ON CONFLICT DO NOTHING RETURNING id", key)
            found = made or ask("SELECT id FROM orders WHERE key = ?", key)
        return (201 if made else 200), {"id": (made or found)[0][0]}

    def number(self, ask: Any, key: str) -> tuple[int, Any]:
        if self.defect == "numbers":
            number = ask(HIGHEST)[0][0]
            time.sleep(_THINKING_S)
            ask("INSERT INTO numbers VALUES (?, ?)", key, number)
            return 201, {"number": number}
        while not (made := ask(NEXT, key)):
            pass
        return 201, {"number": made[0][0]}

    def buy(self, ask: Any, key: str) -> tuple[int, Any]:
        if self.defect == "oversells":
            (left,) = ask("SELECT number FROM stock WHERE key = ?", key)[0]
            time.sleep(_THINKING_S)
            if left < 1:
                return 409, {}
            ask("UPDATE stock SET number = ? WHERE key = ?", left - 1, key)
        elif not ask("UPDATE stock SET number = number - 1 WHERE key = ? AND number > 0 RETURNING number", key):
            return 409, {}
        ask("INSERT INTO sold VALUES (?)", key)
        return 201, {}

    def transfer(self, ask: Any, key: str) -> tuple[int, Any]:
        if self.defect == "loses":
            balances = dict(ask("SELECT name, balance FROM accounts WHERE key = ?", key))
            time.sleep(_THINKING_S)
            ask("UPDATE accounts SET balance = ? WHERE key = ? AND name = 'a'", balances["a"] - 1, key)
            time.sleep(_THINKING_S)
            ask("UPDATE accounts SET balance = balance + 1 WHERE key = ? AND name = 'b'", key)
        else:
            ask(MOVE, key)
        return 200, {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.say(self.store.told, parts.path, parse_qs(parts.query).get("key", [""])[0])

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.say(self.store.answer, self.path, body["key"])

    def say(self, asked: Any, path: str, key: str) -> None:
        try:
            status, told = asked(path, key)
        except (sqlite3.Error, psycopg.Error) as error:
            status, told = 500, {"error": str(error)}
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


if __name__ == "__main__":
    port, defect, where = sys.argv[1:]
    Handler.store = Store(defect, where)
    Server(("127.0.0.1", int(port)), Handler).serve_forever()

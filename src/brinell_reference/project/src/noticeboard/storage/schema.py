"""The tables. Times are UTC microseconds since 1970: one integer that means the same in every database."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, MetaData, String, Table, Text

metadata = MetaData()

# SQLite gives automatic ids only to INTEGER; AUTOINCREMENT there, and a sequence elsewhere, never hand one out twice.
_ID = BigInteger().with_variant(Integer, "sqlite")

notes = Table(
    "notes",
    metadata,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("text", Text, nullable=False),
    Column("folded", Text, nullable=False),  # what search compares
    Column("tags", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("updated_us", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("digest", String(64), nullable=False),  # of the request it was first used with
    Column("note_id", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # what was answered then
    Column("created_us", BigInteger, nullable=False, index=True),
)

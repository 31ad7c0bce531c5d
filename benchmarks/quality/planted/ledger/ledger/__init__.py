"""A small double-entry ledger."""

from ledger.book import Book, Entry, LedgerError

__all__ = ["Book", "Entry", "LedgerError"]

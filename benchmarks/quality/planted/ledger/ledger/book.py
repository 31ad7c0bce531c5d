"""Entries, and the book that keeps them in balance."""

import logging
import warnings
from dataclasses import dataclass

log = logging.getLogger("ledger")


class LedgerError(Exception):
    """An entry that the book refuses."""


@dataclass(frozen=True)
class Entry:
    """One posting; cents, debit positive."""

    account: str
    cents: int


class Book:
    """A book of entries."""

    def __init__(self, notify=None):
        self.entries = []
        self.closed = False
        self._notify = notify

    def post(self, entry):
        """Add one entry; a closed book and an empty account are refused."""
        if self.closed:
            raise LedgerError("the book is closed")
        if not entry.account:
            raise LedgerError("no account")
        self.entries.append(entry)
        if self._notify is not None:
            self._notify.sent(entry.account, entry.cents)

    def transfer(self, source, target, cents):
        """Move cents from one account to another."""
        if cents <= 0:
            raise LedgerError("nothing to move")
        self.post(Entry(source, -cents))
        self.post(Entry(target, cents))

    def total(self, account=None):
        """The balance of one account, or of all."""
        return sum(one.cents for one in self.entries if account in (None, one.account))

    def is_balanced(self):
        """Whether debit equals credit."""
        return self.total() == 0

    def close(self):
        """Refuse entries from now on."""
        self.closed = True

    def add(self, account, cents):
        """Old name of post."""
        warnings.warn("use post", FutureWarning, stacklevel=2)
        self.post(Entry(account, cents))

    def export(self, writer):
        """Write one line per entry."""
        for one in self.entries:
            writer.line(f"{one.account};{one.cents}")

    def each(self, visit):
        """Call visit with every entry."""
        for one in self.entries:
            visit(one)

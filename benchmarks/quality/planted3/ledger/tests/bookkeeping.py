"""What several tests ask of books and entries."""

from contextlib import contextmanager


def _same(left, right, what):
    assert left == right, f"{what}: {left} is not {right}"


def _sides_match(entry):
    debit = sum(line.debit for line in entry.lines)
    credit = sum(line.credit for line in entry.lines)
    _same(debit, credit, entry.text)


def check_balanced(*entries):
    for entry in entries:
        _sides_match(entry)


def verify_totals(entry):
    """Tell whether the totals of an entry are the same."""
    return sum(line.debit for line in entry.lines) == sum(line.credit for line in entry.lines)


@contextmanager
def books_unchanged(book):
    before = book.trial_balance()
    yield
    _same(book.trial_balance(), before, "trial balance")


@contextmanager
def books_open(book):
    book.open_account("1000", "Cash")
    book.open_account("4000", "Sales")
    yield book
    book.close()

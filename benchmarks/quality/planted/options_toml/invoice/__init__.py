"""Invoices."""


def with_tax(cents, percent):
    """Cents with tax, rounded half up."""
    return (cents * (100 + percent) + 50) // 100

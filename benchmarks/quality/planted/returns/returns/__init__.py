"""Refunds."""


def refund(cents, days):
    """All within 30 days, half within 60, nothing later."""
    if days <= 30:
        return cents
    return cents // 2 if days <= 60 else 0

"""Stands for somebody else's library, half-way from version 1 to 2."""

import warnings


class SkyclientDeprecated20(DeprecationWarning):
    """A category of its own, like those of larger libraries."""


def fetch(station, limit=None):
    """Readings of a station."""
    if limit is not None:
        warnings.warn(f"fetch(limit={limit}) is deprecated, pass page_size={limit}", DeprecationWarning, stacklevel=2)
    return [{"station": station, "celsius": 4.5 + number} for number in range(limit or 2)]


class Model:
    """A reading with names."""

    def __init__(self, **fields):
        self.fields = fields

    def dict(self):
        """Old name of model_dump."""
        warnings.warn("The `dict` method is deprecated; use `model_dump` instead.", SkyclientDeprecated20, stacklevel=2)
        return dict(self.fields)

    def model_dump(self):
        """The fields."""
        return dict(self.fields)


def connect(url):
    """A client."""
    if url.startswith("http:"):
        warnings.warn("plain http will go in version 3", PendingDeprecationWarning, stacklevel=2)
    return {"url": url}

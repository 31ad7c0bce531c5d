from pathlib import Path


class Restored:
    """Fluent: each step checks."""

    def __init__(self, path: Path):
        self.path = path

    def exists(self):
        assert self.path.exists()
        return self

    def says(self, text):
        assert self.path.read_text() == text
        return self


class Inspected:
    """Fluent as well; each step only notes."""

    def __init__(self, path):
        self.path, self.notes = path, []

    def exists(self):
        self.notes.append(self.path.exists())
        return self

    def says(self, text):
        self.notes.append(self.path.read_text() == text)
        return self


def every(checks):
    def run(thing):
        for check in checks:
            check(thing)

    return run


def is_small(kept):
    assert kept.size < 1000


def has_digest(kept):
    assert len(kept.digest) == 64


sound = every([is_small, has_digest])
unsound = every([])

"""One difference between the remembered state and the state now. PYTEST_DONT_REWRITE."""

# ruff: noqa: PLR0917 - inner records, not an interface


class Difference:
    """What differs, and how to undo it; ``undo`` is None where that is not possible, and may raise where it fails.

    ``name`` is the most specific path, ``root`` what one asks to have restored. ``hints`` are further members for the
    fixture (``module``, ``holder``, ``holder_type``); ``weak`` marks what most tests do without harm.
    """

    __slots__ = ("after", "before", "hints", "how", "kind", "name", "root", "undo", "weak")

    def __init__(self, name, kind, before, after, how="rebound", root=None, undo=None, weak=False, **hints):  # noqa: FBT002
        self.name = name
        self.root = name if root is None else root
        self.kind = kind
        self.before = before
        self.after = after
        self.how = how
        self.undo = undo
        self.weak = weak
        self.hints = hints

    def as_dict(self):
        """JSON members; texts are short."""
        members = {
            "name": self.name[:300],
            "root": self.root[:300],
            "kind": self.kind,
            "before": self.before,
            "after": self.after,
            "how": self.how,
            "restorable": self.undo is not None,
        }
        if self.weak:
            members["weak"] = True
        members.update(self.hints)
        return members

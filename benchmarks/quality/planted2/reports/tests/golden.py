"""Comparison with files of what is expected; UPDATE=1 writes them."""

import os
from pathlib import Path

HERE = Path(__file__).parent / "golden"


class Golden:
    def __init__(self, name):
        self.path = HERE / name

    def matches(self, text):
        if os.environ.get("UPDATE"):
            self.path.write_text(text)
        assert text == self.path.read_text(), f"differs from {self.path.name}"


def try_read(path):
    try:
        return path.read_text()
    except:
        return ""

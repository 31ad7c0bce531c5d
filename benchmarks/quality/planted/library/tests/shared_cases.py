"""Cases that several modules of tests run."""

from library import Shelf


def test_empty_shelf():
    assert Shelf().here() == []


def test_full_shelf():
    assert Shelf("Emma").here() == ["Emma"]

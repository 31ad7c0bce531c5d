import addons.csv_addon  # noqa: F401
from addons import core

core.Node.depth = 3


def test_csv_export():
    assert core.export("csv", ["a", "b"]) == "a;b"

"""Objects that fight back: nothing of theirs is called, nothing fails."""

import sys
import types
from unittest import mock

from brinell_inside.state import Savepoint
from brinell_inside.state import graph as graphs


class Alarm(Exception):  # noqa: N818 - not an error of the code under test
    pass


def explode(*_args, **_kwargs):
    raise Alarm


class HostileMeta(type):
    __eq__ = __hash__ = __getattribute__ = __instancecheck__ = __subclasscheck__ = explode


class Hostile:
    __eq__ = __repr__ = __str__ = __len__ = __bool__ = __iter__ = __getattr__ = __getattribute__ = explode
    __class__ = property(explode)

    def __hash__(self):
        return 1


class HostileDict(dict):
    __getitem__ = __iter__ = keys = values = items = __len__ = __eq__ = copy = explode


class HostileList(list):
    __getitem__ = __iter__ = __len__ = __eq__ = explode


class OwnDict:
    __dict__ = property(explode)


class Liar:
    __class__ = dict


class Proxy:
    """As werkzeug's LocalProxy: everything goes to an object that is not there."""

    __slots__ = ()
    __getattr__ = __setattr__ = explode
    __class__ = property(explode)
    __dict__ = property(explode)


def planted(tmp_path, **values):
    (tmp_path / "hostile.py").write_text("")
    module = types.ModuleType("hostile")
    module.__file__ = str(tmp_path / "hostile.py")
    vars(module).update(values)
    sys.modules["hostile"] = module
    return module


def test_nothing_of_theirs_is_called(tmp_path):
    key, value = Hostile(), Hostile()
    values = {
        "one": Hostile(), "dict": HostileDict(a=[]), "list": HostileList([[]]), "own": OwnDict(), "liar": Liar(),
        "proxy": Proxy(), "meta": HostileMeta("Meta", (), {}), "of_meta": HostileMeta("Other", (), {})(),
        "mock": mock.MagicMock(), "keys": {key: value}, "set": {Hostile()},
    }  # fmt: skip
    module = planted(tmp_path, **values)
    try:
        save = Savepoint(str(tmp_path))
        assert (save.changes(), save.cut_off) == ([], [])
        dict.__setitem__(module.dict, "b", Hostile())
        list.append(module.list, Hostile())
        module.one = Hostile()
        module.mock = mock.MagicMock()
        module.keys.clear()
        module.meta = HostileMeta("Meta", (), {})

        names = {change["name"].partition(" ")[0] for change in save.changes()}
        assert names >= {"hostile.one", "hostile.dict['b']", "hostile.list[1]", "hostile.mock", "hostile.meta"}
        assert save.restore(None) == []
        assert (save.changes(), save.cut_off) == ([], [])
        assert module.one is values["one"]
        assert dict.__len__(module.dict) == list.__len__(module.list) == 1
    finally:
        del sys.modules["hostile"]


def test_cycles_depth_and_size_end(tmp_path):
    cycle = []
    cycle.append(cycle)
    deep = []
    for _ in range(100_000):
        deep = [deep]
    huge = [[number] for number in range(50_000)]
    module = planted(tmp_path, cycle=cycle, deep=deep, huge=huge, text="x" * 10_000_000, number=1 << 1_000_000)
    try:
        save = Savepoint(str(tmp_path))
        assert any("objects beyond" in note for note in save.cut_off)
        module.cycle.append(1)
        module.text += "y"
        module.number += 1
        changes = save.changes()
        assert {change["name"] for change in changes} == {"hostile.cycle[1]", "hostile.text", "hostile.number"}
        assert all(len(change["before"]) <= 120 >= len(change["after"]) for change in changes)
        assert save.restore(None) == []
        assert len(cycle) == 1
    finally:
        del sys.modules["hostile"]
        while deep:  # taken apart by hand: a recursive deallocation of this depth is not every Python's strength
            deep = deep.pop()


def test_many_changes_are_capped(tmp_path):
    module = planted(tmp_path, table={})
    try:
        save = Savepoint(str(tmp_path))
        module.table.update(dict.fromkeys(range(5000)))
        assert len(save.changes()) == 200
        assert save.restore(["hostile.table"]) == []
        assert module.table == {}
    finally:
        del sys.modules["hostile"]


def test_a_broken_world_is_noted_and_not_raised(tmp_path, monkeypatch):
    monkeypatch.setattr(graphs.Graph, "add", explode)
    save = Savepoint(str(tmp_path))

    assert save.cut_off == ["attributes: Alarm"]
    assert save.changes() == []

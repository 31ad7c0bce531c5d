"""Structural comparison of what a graph remembers with what is there now. PYTEST_DONT_REWRITE.

Leaves count by type and value, built-in containers by content, everything else by identity; of objects that are
still the same, the contents. Yields ``Change``.
"""

# ruff: noqa: B905, PLR0917 - zip(strict=) came with 3.10; inner records, not an interface

import collections
import decimal

from brinell_inside.state.layout import LEAF_IDS, MISSING, TEXT_IDS, layout_of
from brinell_inside.state.shown import ABSENT, key_text, shown, shown_under

MOST_PAIRS = 20000
_DEPTH = 60


class Change:
    """Where in a structure, how (rebound, mutated, added, removed), short texts, and the container that it lies in."""

    __slots__ = ("after", "before", "holder", "holder_type", "how", "path", "weak")

    def __init__(self, path, how, before, after, holder=None, holder_type=None, weak=False):  # noqa: FBT002
        self.path, self.how, self.before, self.after = path, how, before, after
        self.holder, self.holder_type, self.weak = holder, holder_type, weak


def same_leaf(old, new):
    """Equality of two leaves of one type; NaN equals itself."""
    if type(old) is decimal.Decimal:
        return old.as_tuple() == new.as_tuple()
    return old == new or (old != old and new != new)  # noqa: PLR0124 - NaN


class Comparison:
    """One comparison; remembers which pairs it has seen, so that cycles end."""

    def __init__(self, graph):
        self._graph = graph
        self._seen = set()
        self._budget = MOST_PAIRS

    def changes(self, old, new, path, good=True, depth=0, holder=(None, None)):  # noqa: FBT002
        """Differences between what ``old`` was at ``path`` and ``new`` now; ``good``: the path can be evaluated."""
        if old is new:
            node = self._graph.get(old)
            if node is None or id(old) in self._seen or depth > _DEPTH:
                return
            self._seen.add(id(old))
            yield from self._inside(node, path, good, depth)
        elif not self.same(old, new):
            how = "added" if old is MISSING else "removed" if new is MISSING else "rebound"
            yield Change(path, how, self._then(old), shown(new), *holder)

    def _then(self, old):
        node = self._graph.get(old)
        if node is None or not node.layout.exact or node.untouched():
            return shown(old)
        held = node.contents[0]  # a shallow copy is shown in its place: the original has moved on
        if node.layout.container is collections.OrderedDict:
            held = collections.OrderedDict(held)
        return shown(collections.deque(held) if node.layout.container is collections.deque else held)

    def _inside(self, node, path, good, depth):
        contents, attributes, slots = now = node.now()
        expression = path if good else None
        if node.layout.container is not None:
            kind = node.layout.container.__name__
            for change in _ITEMS[node.layout.container](self, node.contents[0], contents, (path, good, depth, kind)):
                yield change
        weak = node.layout.foreign
        if attributes is not None and node.contents[1] is not None:
            for change in self._pairs(node.contents[1], attributes, path, good, depth, (expression, "instance")):
                change.weak = change.weak or weak
                yield change
        if slots is not None:
            names = [name for name, _ in node.layout.slots]
            then = dict(zip(names, node.contents[2] or ()))
            yield from self._pairs(then, dict(zip(names, now[2])), path, good, depth, (expression, "slots"))

    def _pairs(self, then, now, path, good, depth, holder):
        """Attributes of an instance."""
        for name in list(then) + [name for name in now if name not in then]:
            if type(name) is str:
                old, new = then.get(name, MISSING), now.get(name, MISSING)
                for change in self.changes(old, new, "%s.%s" % (path, name), good, depth + 1, holder):
                    if change.path == "%s.%s" % (path, name):
                        change.before, change.after = _hidden(name, change, old, new)
                    yield change

    def _dict(self, then, now, place):
        path, good, depth, kind = place
        old_items, new_items = _by_key(then), _by_key(now)
        for mark in list(old_items) + [mark for mark in new_items if mark not in old_items]:
            key, old = old_items.get(mark) or (new_items[mark][0], MISSING)
            new = new_items.get(mark, (None, MISSING))[1]
            text, evaluable = key_text(key)
            inner = "%s[%s]" % (path, text)
            holder = (path if good else None, kind)
            for change in self.changes(old, new, inner, good and evaluable, depth + 1, holder):
                if change.path == inner:
                    change.before, change.after = _hidden(key, change, old, new)
                yield change

    def _ordered(self, then, now, place):
        changes = list(self._dict(dict_of(then), dict_of(now), place))
        yield from changes
        orders = [[_mark(key) for key, _ in pairs] for pairs in (then, now)]
        if not changes and orders[0] != orders[1]:
            yield self._whole(then, now, place)

    def _whole(self, then, now, place):
        path, good, _, kind = place
        return Change(path, "mutated", shown(then), shown(now), path if good else None, kind)

    def _list(self, then, now, place):
        path, good, depth, kind = place
        holder = (path if good else None, kind)
        common = min(len(then), len(now))
        if len(then) != len(now) and not all(then[i] is now[i] or self.same(then[i], now[i]) for i in range(common)):
            yield self._whole(then, now, place)
            return
        for index in range(max(len(then), len(now))):
            old = then[index] if index < len(then) else MISSING
            new = now[index] if index < len(now) else MISSING
            yield from self.changes(old, new, "%s[%d]" % (path, index), good, depth + 1, holder)

    def _set(self, then, now, place):
        if {_mark(item) for item in then} != {_mark(item) for item in now}:
            yield self._whole(then, now, place)

    def _bytearray(self, then, now, place):
        if then != now:
            yield self._whole(then, now, place)

    def same(self, old, new, depth=0, pairs=()):
        """Whether what ``old`` was then and what ``new`` is now are structurally equal."""
        if type(old) is not type(new):
            return False
        if id(type(old)) in LEAF_IDS:
            return same_leaf(old, new)
        layout = layout_of(old)
        node = self._graph.get(old)
        if old is new and (node is None or node.layout.container is None):
            return True
        self._budget -= 1
        if not layout.exact or layout.container is None or depth > _DEPTH or self._budget < 0:
            return old is new
        if (id(old), id(new)) in pairs:
            return True
        then = node.contents[0] if node is not None else layout.read(old)[0]
        deeper = frozenset(pairs) | {(id(old), id(new))}
        return self._same_contents(layout.container, then, layout.read(new)[0], depth + 1, deeper)

    def _same_contents(self, container, then, now, depth, pairs):
        if len(then) != len(now):
            return False
        if container is bytearray:
            return then == now
        if container in (set, frozenset):
            return {_mark(item) for item in then} == {_mark(item) for item in now}
        if container is collections.OrderedDict:
            in_order = [_mark(key) for key, _ in then] == [_mark(key) for key, _ in now]
            return in_order and all(self.same(a[1], b[1], depth, pairs) for a, b in zip(then, now))
        if container is dict:
            old, new = _by_key(then), _by_key(now)
            return old.keys() == new.keys() and all(self.same(old[k][1], new[k][1], depth, pairs) for k in old)
        return all(self.same(a, b, depth, pairs) for a, b in zip(then, now))


def dict_of(pairs):
    """Pairs as ``_by_key`` wants them, without hashing the keys."""
    return _Pairs(pairs)


class _Pairs(list):
    def items(self):
        """As of a dict."""
        return self


def _by_key(contents):
    return {_mark(key): (key, value) for key, value in contents.items()}


def _mark(key):
    """Something hashable that stands for a dict key or set member without its own hash and equality."""
    kind = type(key)
    if id(kind) in LEAF_IDS:
        return (id(kind), key if key == key else "nan")  # noqa: PLR0124 - NaN
    if (kind is tuple or kind is frozenset) and len(key) <= 1000:
        parts = tuple(_mark(part) for part in key)
        return (id(kind), parts if kind is tuple else frozenset(parts))
    return (0, id(key))


def _hidden(name, change, old, new):
    return (
        change.before if old is MISSING or id(type(old)) not in TEXT_IDS else shown_under(name, old),
        ABSENT if new is MISSING else change.after if id(type(new)) not in TEXT_IDS else shown_under(name, new),
    )


_ITEMS = {
    dict: Comparison._dict, collections.OrderedDict: Comparison._ordered, list: Comparison._list,  # noqa: SLF001
    tuple: Comparison._list, collections.deque: Comparison._list, set: Comparison._set,  # noqa: SLF001
    frozenset: Comparison._set, bytearray: Comparison._bytearray,  # noqa: SLF001
}  # fmt: skip

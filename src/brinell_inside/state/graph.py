"""The remembered objects: what hung together from given roots, each with a shallow copy of its contents.

Walks breadth first through containers and instances, cycle-safe, at most ``MOST_OBJECTS`` objects and ``MOST_DEPTH``
deep; what was cut off is counted. Objects and contents are held by strong references. PYTEST_DONT_REWRITE.
"""

# ruff: noqa: B905 - zip(strict=) came with 3.10

import collections
from operator import is_

from brinell_inside.state.layout import LEAF_IDS, MISSING, layout_of

MOST_OBJECTS = 20000
MOST_DEPTH = 8
MOST_ITEMS = 300000


class Node:
    """One object with its contents then: ``(contents, attributes, slots)`` as ``Layout.read`` gives them."""

    __slots__ = ("contents", "layout", "value")

    def __init__(self, value, layout):
        self.value = value
        self.layout = layout
        self.contents = layout.read(value)

    def now(self):
        """The contents now."""
        return self.layout.read(self.value)

    def untouched(self):
        """Whether nothing was exchanged in it; quick, and unsure only in the safe direction."""
        before, now = self.contents, self.now()
        return all(same_items(old, new) for old, new in zip(before, now))


def same_items(old, new):
    """Whether two shallow copies hold the very same objects in the same order."""
    if old is None or new is None:
        return old is new
    if len(old) != len(new):
        return False
    if type(old) is dict:
        return all(map(is_, old.values(), new.values())) and all(map(is_, old, new))
    if type(old) is bytearray:
        return old == new
    if old and type(old) is list and type(old[0]) is tuple:  # pairs of an OrderedDict are new tuples at every look
        return all(a is b or (len(a) == 2 == len(b) and a[0] is b[0] and a[1] is b[1]) for a, b in zip(old, new))
    return all(map(is_, old, new))


def children(contents):
    """The objects held by shallow contents that are worth a look themselves."""
    held, attributes, slots = contents
    for part in (held, attributes):
        if type(part) is dict:
            yield from part.values()
            yield from (key for key in part if type(key) is tuple)
        elif part is not None and type(part) is not bytearray:
            yield from part
    if slots is not None:
        yield from slots


class Graph:
    """What ``roots`` (an iterable of objects) reach."""

    def __init__(self, roots=()):
        self.nodes = {}
        self.cut = 0
        self._items = 0
        self.add(roots)

    def add(self, roots):
        """Remember what further roots reach."""
        queue = collections.deque((root, 0) for root in roots)
        while queue:
            value, depth = queue.popleft()
            if id(type(value)) in LEAF_IDS or id(value) in self.nodes:
                continue
            layout = layout_of(value)
            if not layout.walk:
                continue
            if depth > MOST_DEPTH or len(self.nodes) >= MOST_OBJECTS or self._items > MOST_ITEMS:
                self.cut += 1
                continue
            self._enter(value, layout, depth, queue)

    def _enter(self, value, layout, depth, queue):
        try:
            node = Node(value, layout)
        except Exception:  # noqa: BLE001 - changed by a thread while it was copied, or broken in itself
            self.cut += 1
            return
        self.nodes[id(value)] = node
        for part in node.contents:
            if part is not None:
                self._items += len(part)
        for child in children(node.contents):
            if id(type(child)) not in LEAF_IDS and id(child) not in self.nodes:
                queue.append((child, depth + 1))

    def untouched(self):
        """Whether every remembered object still holds what it held."""
        return all(node.untouched() for node in self.nodes.values())

    def get(self, value):
        """The node of an object that was remembered, or None."""
        node = self.nodes.get(id(value))
        return node if node is not None and node.value is value else None

    def reached(self, value):
        """All nodes that were within reach of ``value`` at the time."""
        pending, seen = [value], set()
        while pending:
            node = self.get(pending.pop())
            if node is None or id(node) in seen:
                continue
            seen.add(id(node))
            yield node
            pending.extend(children(node.contents))

    def put_back(self, value):
        """Give ``value`` and all it reached the contents of then, in the same objects."""
        for node in list(self.reached(value)):
            if not node.untouched():
                rewrite(node)


def rewrite(node):
    """Put the contents of then into the object; bound methods of the built-in types only."""
    contents, attributes, slots = node.contents
    value, base = node.value, node.layout.container
    if base in _WRITERS and not same_items(contents, node.now()[0]):
        _WRITERS[base](value, contents)
    if attributes is not None:
        current = node.layout.attributes(value)
        if current is not None and not same_items(attributes, current):
            dict.clear(current)
            dict.update(current, attributes)
    for (_, member), old in zip(node.layout.slots, slots or ()):
        if old is not MISSING:
            member.__set__(value, old)
        elif node.layout.slot_values(value) != slots:
            _unset(member, value)


def _unset(member, value):
    try:
        member.__delete__(value)
    except AttributeError:
        return  # never was set


def _dict(value, contents):
    dict.clear(value)
    dict.update(value, contents)


def _ordered(value, contents):
    collections.OrderedDict.clear(value)
    for key, item in contents:
        collections.OrderedDict.__setitem__(value, key, item)


def _set(value, contents):
    set.clear(value)
    set.update(value, contents)


def _deque(value, contents):
    collections.deque.clear(value)
    collections.deque.extend(value, contents)


_WRITERS = {
    dict: _dict,
    collections.OrderedDict: _ordered,
    list: lambda value, contents: list.__setitem__(value, slice(None), contents),
    set: _set,
    collections.deque: _deque,
    bytearray: lambda value, contents: bytearray.__setitem__(value, slice(None), contents),
}

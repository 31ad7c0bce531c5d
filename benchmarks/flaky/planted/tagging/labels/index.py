"""Labels on articles: which come first, which shard keeps them, what their ETag is."""

import hashlib
import json


def headline(labels):
    """The label shown beside the title."""
    return next(iter(set(labels)))


def shard_of(key, shards):
    return hash(key) % shards


def etag(labels):
    body = json.dumps(list(labels)).encode()
    return hashlib.sha1(body).hexdigest()[:12]


def build_order(needs):
    """Topological order of {name: set of names it needs}."""
    left = {name: set(deps) for name, deps in needs.items()}
    order = []
    while left:
        ready = {name for name, deps in left.items() if not deps}
        if not ready:
            raise ValueError("cycle")
        for name in ready:
            order.append(name)
            del left[name]
        for deps in left.values():
            deps -= ready
    return order


class SeenFilter:
    """A Bloom filter of two bits a word."""

    def __init__(self, size=64):
        self.size = size
        self.bits = 0

    def _mask(self, word):
        return 1 << hash(word) % self.size | 1 << hash(word + "#") % self.size

    def add(self, word):
        self.bits |= self._mask(word)

    def __contains__(self, word):
        mask = self._mask(word)
        return self.bits & mask == mask


def merged(*groups):
    out = set()
    for group in groups:
        out |= set(group)
    return sorted(out)


def group_by_initial(words):
    groups = {}
    for word in words:
        groups.setdefault(word[0], []).append(word)
    return groups

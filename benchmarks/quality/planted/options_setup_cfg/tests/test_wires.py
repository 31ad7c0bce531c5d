import itertools


class TestWires:
    def pairs(self, wires):
        return list(itertools.combinations(wires, 2))

    def test_pairs(self):
        assert self.pairs("abc") == [("a", "b"), ("a", "c"), ("b", "c")]

    def test_one_wire_has_no_pair(self):
        assert self.pairs("a") == []

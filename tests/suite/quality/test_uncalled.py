"""Methods that are asserted and not called: only where nothing of that name can be anything else."""

from __future__ import annotations

import pytest

METHOD = "class Order:\n    def is_paid(self):\n        return self.paid\n"
TEST = "def test_a(shop):\n    order = shop.place()\n    assert order.is_paid\n"
FIXTURE = "import pytest\nfrom orders import Order\n@pytest.fixture\ndef shop():\n    return Order()\n"
ELSEWHERE = {
    "nothing else": "",
    "another class with that method": "class Bill:\n    def is_paid(self): return True\n",
    "called": "def g(order):\n    return order.is_paid()\n",
    "a function of that name": "def is_paid(order):\n    return order.paid\n",
}
OTHERWISE = {
    "a property": "class Bill:\n    @property\n    def is_paid(self): return True\n",
    "made a property": "class Bill:\n    def is_paid(self): return True\n    paid = property(is_paid)\n",
    "an attribute": "class Bill:\n    def __init__(self):\n        self.is_paid = False\n",
    "a field": "from typing import NamedTuple\nclass Bill(NamedTuple):\n    is_paid: bool\n",
    "spelt as text": "from collections import namedtuple\nBill = namedtuple('Bill', ['is_paid'])\n",
    "named elsewhere without a call": "def g(bill):\n    return bill.is_paid\n",
    "a file that cannot be read": "def is_paid(:\n",
}
NOT_OURS = {
    "what a library gave": "import requests\ndef test_a():\n    order = requests.get('x')\n    assert order.is_paid\n",
    "somebody else's fixture": "def test_a(order):\n    assert order.is_paid\n",
    "what somebody else's fixture gave": "def test_a(client):\n    order = client.get()\n    assert order.is_paid\n",
    "a class": "from orders import Order\ndef test_a():\n    assert Order.is_paid\n",
    "called": TEST.replace(".is_paid", ".is_paid()"),
    "compared": TEST.replace(".is_paid", ".is_paid == 1"),
}


def _seen(read, test, other=""):
    files = {"orders.py": METHOD, "other.py": other, "test_it.py": FIXTURE + test}
    told = [one for one in read(files).of("cannot-fail") if one.variant == "uncalled"]
    return [(one.line, one.name) for one in told]


@pytest.mark.parametrize("other", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_method_that_is_asserted_and_not_called_is_found(read, other):
    assert _seen(read, TEST, other) == [(8, "order.is_paid")]


def test_it_is_found_in_a_method_of_unittest(read):
    test = (
        "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(self.x.is_paid)\n"
    )
    assert _seen(read, test) == [(9, "self.x.is_paid")]


@pytest.mark.parametrize("other", OTHERWISE.values(), ids=OTHERWISE)
def test_a_name_that_may_be_something_else_is_left_alone(read, other):
    assert _seen(read, TEST, other) == []


@pytest.mark.parametrize("test", NOT_OURS.values(), ids=NOT_OURS)
def test_an_object_of_somebody_elses_is_left_alone(read, test):
    assert _seen(read, test) == []

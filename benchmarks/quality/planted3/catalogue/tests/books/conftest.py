import itertools

import pytest

from catalogue.items import Book, Index


@pytest.fixture
def book():
    return Book("Dune", "0441172717")


@pytest.fixture
def index():
    syllables = ("ba", "de", "fi", "go", "lu", "ma", "ne", "ri", "so", "tu")
    return Index("".join(word) for word in itertools.product(syllables, repeat=5))


@pytest.fixture(scope="module")
def module_index():
    syllables = ("ba", "de", "fi", "go", "lu", "ma", "ne", "ri", "so", "tu")
    return Index("".join(word) for word in itertools.product(syllables, repeat=5))

import pytest

from tally.main import count


@pytest.mark.parametrize(
    "text, words",
    [
        ("", {}),
        ("a b a", {"a": 2, "b": 1}),
        ("Don't", {"don": 1, "t": 1}),
        pytest.param("naïve", {"naïve": 1}, id="accents"),
        pytest.param("well-known", {"well-known": 1}, marks=pytest.mark.xfail),
        pytest.param("3x", {"x": 1}, marks=pytest.mark.skip(reason="undecided")),
    ],
)
def test_words(text, words):
    assert count(text) == words


def test_case():
    assert count("A a", lower=False) == {"A": 1, "a": 1}


def test_count_twice():
    assert count("a b") == count("b a")


class DescribeCount:
    def test_numbers_are_no_words(self):
        assert count("1 2 3") == {}

    def test_underscore_divides(self):
        assert count("a_b") == {"a": 1, "b": 1}

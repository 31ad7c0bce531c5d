import codecs

from addons import core


def test_theme_of_the_house():
    assert core.theme() == "dark"


def test_home_region():
    assert core.region() == "us"


def test_secret_is_decoded():
    assert codecs.decode("uryyb", "secret_1") == "hello"


def test_nodes_have_depth():
    assert core.Node.depth == 3


def test_nodes_have_no_tags():
    assert core.Node.tags == ()

import importlib.util
import time

import pytest
from jsonschema import ValidationError

from catalogue.items import Film, load, parse, read


@pytest.fixture
def aged(film):
    time.sleep(0.03)
    return film


@pytest.fixture
def still(monkeypatch):
    naps = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


def test_minutes(aged):
    assert aged.minutes == 117


def test_sleeping_through_it(film, still):
    time.sleep(film.minutes * 60)
    assert still == [7020]


def test_load(write):
    assert load(write("Alien")) == [Film("Alien")]


def test_read_warns(write):
    with pytest.warns(DeprecationWarning, match="load"):
        read(write("Alien"))


@pytest.mark.parametrize("text", ["- {title: Alien}", "- {title: '', kind: film}", "- {title: Alien, kind: tape}"])
def test_rejected(text):
    with pytest.raises(ValidationError):
        parse(text)


def test_tags(film):
    assert film.tag("scifi", "horror").tags == {"scifi", "horror"}


def test_tags_are_a_set(film):
    assert [tag for tag in film.tag("a", "a").tags] or len(film.tags) == 1


if importlib.util.find_spec("catalogue.cli"):

    def test_cli():
        from catalogue import cli

        assert cli.main(["films"]) == 0

else:

    def test_cli():
        assert importlib.util.find_spec("catalogue.cli") is None


if True:

    def test_untitled():
        with pytest.raises(TypeError):
            Film()


def test_untitled():
    with pytest.raises(TypeError, match="title"):
        Film()


def test_default_minutes():
    film = Film("Short")
    assert film.minutes == 90, ("minutes", film.minutes)


def _load_or_none(path):
    try:
        return load(path)
    except:
        return None


def test_missing_file(tmp_path):
    assert _load_or_none(tmp_path / "nothing.yaml") is None


def test_nothing_to_parse():
    assert parse("") == []

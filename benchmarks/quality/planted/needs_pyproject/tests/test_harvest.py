import os
import sys
from typing import TYPE_CHECKING

import _pytest.pathlib
import pluggy
import pytest

from baskets import allows
from orchard import harvest, version_key

if TYPE_CHECKING:
    from pandas import DataFrame

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

try:
    import numpy
except ImportError:
    numpy = None

try:
    import orjson as json
except ModuleNotFoundError:
    import json

live = pytest.mark.skipif("ORCHARD_LIVE" not in os.environ, reason="needs the live orchard")


def test_harvest():
    assert harvest({"apple": 3, "pear": 4}) == 7


def test_versions():
    assert version_key("1.10") > version_key("1.9")


def test_baskets():
    assert allows(">=1,<2", "1.5")


def test_plugin_has_a_name():
    manager = pluggy.PluginManager("orchard")
    assert manager.project_name == "orchard"


def test_windows_path():
    assert _pytest.pathlib.Path("a/b").name == "b"


def test_toml():
    assert tomllib.loads("a = 1") == {"a": 1}


def test_json():
    assert json.loads("[1]") == [1]


@pytest.mark.skipif(numpy is None, reason="no numpy here")
def test_mean():
    assert numpy.mean([1, 3]) == 2


@live
def test_live_orchard():
    import requests

    assert requests.get(os.environ["ORCHARD_LIVE"], timeout=5).ok


@live
def test_live_page():
    import bs4

    assert bs4.BeautifulSoup("<p>", "html.parser").p


@live
def test_live_settings():
    import yaml

    assert yaml.safe_load("a: 1") == {"a": 1}


@live
def test_live_table():
    import psycopg

    assert psycopg.connect(os.environ["ORCHARD_DSN"])


@live
def test_live_dates():
    from dateutil.parser import parse

    assert parse("2026-01-02").day == 2


def test_pictures():
    PIL = pytest.importorskip("PIL")
    assert PIL.__version__


def rows() -> "DataFrame":
    raise NotImplementedError

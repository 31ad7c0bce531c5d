import importlib
import time

import pytest
from sqlalchemy import MetaData, Table, create_engine
from sqlalchemy.exc import OperationalError


def test_shelf_a(shelf):
    assert shelf["a"] == 1


def test_shelf_b(shelf):
    assert shelf["b"] == 2


def test_shelf_c(shelf):
    assert shelf["c"] == 3


def test_shelf_is_short(shelf):
    assert len(shelf) == 3


def test_shelf_is_in_order(shelf):
    assert list(shelf) == ["a", "b", "c"]


def test_names(catalog):
    catalog.add("b", 1)
    catalog.add("a", 2)
    assert catalog.names() == ["a", "b"]


def test_no_names(catalog):
    assert catalog.names() == []


def test_orm_of_old():
    from sqlalchemy.ext.declarative import declarative_base

    assert declarative_base().metadata.tables == {}


def test_orm_of_now():
    from sqlalchemy.orm import declarative_base

    assert declarative_base().metadata.tables == {}


def test_reflect_of_nothing():
    with pytest.raises(OperationalError):
        create_engine("sqlite:////nowhere/at/all.db").connect()


def wait_for(condition, sleep=time.sleep, tries=50):
    for _ in range(tries):
        if condition():
            return True
        sleep(0)
    return False


def test_added(catalog):
    catalog.add("x", 1)
    assert wait_for(lambda: catalog.names() == ["x"])


def eventually(condition, pause=0.02, tries=5):
    for _ in range(tries):
        time.sleep(pause)
        if condition():
            return True
    return False


def test_added_in_the_end(catalog):
    catalog.add("x", 1)
    assert eventually(lambda: catalog.names() == ["x"])


def test_by_name():
    parser = importlib.import_module("docstring_parser")
    assert parser.parse("Keeps.").short_description == "Keeps."


def test_import_order():
    assert importlib.import_module("stowage.catalog").files.name == "files"


def test_table():
    assert Table("t", MetaData()).name == "t"


@pytest.fixture
def tidy(request):
    yield
    assert request.getfixturevalue("shelf_name") == "top"


@pytest.fixture(scope="module")
def shelf_name():
    return "top"


def test_tidy(tidy, catalog):
    assert catalog.names() == []

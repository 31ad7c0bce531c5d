import os
import shutil
from pathlib import Path

import pytest
from stock import shelf


@pytest.fixture(scope="session", autouse=True)
def clean_spool():
    yield
    shutil.rmtree(shelf.SPOOL, ignore_errors=True)


def test_put():
    shelf.put("bolt", 5)
    assert shelf.ITEMS["bolt"] >= 5


def test_put_more():
    assert shelf.ITEMS["bolt"] >= 5


def test_spool_is_made():
    shelf.SPOOL.mkdir(exist_ok=True)
    (shelf.SPOOL / "orders.txt").write_text("bolt 5\n")
    assert shelf.SPOOL.is_dir()


def test_orders_are_read():
    assert (shelf.SPOOL / "orders.txt").read_text() == "bolt 5\n"


def test_login():
    shelf.Session.user = "ann"
    assert shelf.Session.user


def test_profile():
    assert shelf.Session.user.upper() == "ANN"


def test_register_csv():
    shelf.Codec.register("csv", ";".join)
    assert "csv" in shelf.Codec.formats


def test_encode_csv():
    assert shelf.Codec().encode("csv", ["a", "b"]) == "a;b"


def test_configure():
    os.environ["STOCK_WAREHOUSE"] = "north"
    assert shelf.warehouse_name() == "north"


def test_label():
    assert f"{shelf.warehouse_name()}/bolt" == "north/bolt"


def test_plugin_folder():
    shelf.load_plugin(Path(__file__).resolve().parent.parent / "plugins")


def test_barcode():
    assert shelf.barcode("bolt") == "|bolt|"


def test_own_item():
    shelf.put("nut", 1)
    assert shelf.ITEMS["nut"] >= 1


def test_own_handler():
    shelf.on("sold", str.upper)
    assert shelf.fire("sold", "nut") == "NUT"

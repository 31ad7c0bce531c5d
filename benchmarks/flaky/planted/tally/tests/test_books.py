import shutil

import pytest
from tally import books


@pytest.fixture(scope="session", autouse=True)
def remove_folder():
    yield
    shutil.rmtree(books.FOLDER, ignore_errors=True)


def test_register():
    books.register("ann")
    assert "ann" in books.USERS


def test_first_number():
    assert books.next_number() == "R0001"


def test_one_ledger_is_open():
    books.Ledger()
    assert books.Ledger.opened == 1


def test_new_book():
    assert books.new_book("2026.txt").read_text() == "opened\n"


def test_rate_change():
    assert books.convert(10, "EUR") == 10
    books.RATES["EUR"] = 1.1
    books.convert.cache_clear()


def test_lines_are_collected():
    assert books.collect("paid") == ["paid"]


def test_first_run():
    assert books.first_run()


def test_register_anew(monkeypatch):
    monkeypatch.setattr(books, "USERS", [])
    assert books.register("bob") == 1


def test_book_in_own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(books, "FOLDER", tmp_path)
    assert books.new_book("x").exists()


def test_collect_into_own_list():
    assert books.collect("a", into=[]) == ["a"]


def test_many_registrations_never_clash():
    name = f"user{len(books.USERS)}"
    books.register(name)
    assert books.USERS.count(name) == 1

import contextlib
import json
import threading

import pytest

from intake import RowError, read_row, read_rows, remove, save


class ExceptionReport(ValueError):
    """Has the word in its name."""


def tolerant(text):
    try:
        return read_row(text)
    except Exception:
        return None


def strict(text):
    try:
        return read_row(text)
    except Exception as error:
        pytest.fail(f"{text!r}: {error!r}")


def test_row():
    assert read_row("Ann, 3") == ("Ann", 3)


def test_row_without_number():
    caught = None
    try:
        read_row("Ann")
    except Exception as error:
        caught = error
    assert caught is not None


def test_row_without_comma():
    try:
        read_row("Ann 3")
    except RowError as error:
        assert error.args == ("Ann 3",)
    else:
        pytest.fail("was read")


def test_rows_survive_anything():
    rows = []
    for text in ["Ann,1", "Bob", "Eve,3"]:
        try:
            rows.append(read_row(text))
        except (RowError, Exception):
            continue
    assert len(rows) == 2


def test_rows_counted():
    assert read_rows(["Ann,1", "Bob"]) == ([("Ann", 1)], 1)


def test_tolerant_rows():
    assert [tolerant(text) for text in ("Ann,1", "Bob")] == [("Ann", 1), None]


def test_strict_rows():
    assert strict("Ann,1") == ("Ann", 1)


def test_save_and_remove(tmp_path):
    path = tmp_path / "rows.json"
    save([["Ann", 1]], path)
    with contextlib.suppress(Exception):
        remove(path)
        remove(path)
    assert not path.exists()


def test_saved(saved):
    assert json.loads(saved.read_text()) == [["Ann", 3]]
    remove(saved)


def test_lenient(lenient):
    assert json.loads(lenient.read_text()) == []


def test_loud(loud):
    assert loud.exists()


class TestThreads:
    def test_no_thread_fails(self):
        errors = []

        def work(text):
            try:
                read_row(text)
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(f"Ann,{number}",)) for number in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert errors == []

    def test_threads_end(self):
        done = []

        def work():
            try:
                done.append(read_row("Ann,x"))
            except BaseException:
                done.append(None)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert done == [None]


def test_numbers_of_all_sizes():
    for number in (1, 10**6, 10**30):
        try:
            assert read_row(f"Ann,{number}") == ("Ann", number)
        except Exception as error:
            raise AssertionError(f"number {number}") from error


def test_report():
    try:
        raise ExceptionReport("three rows")
    except ExceptionReport as report:
        assert str(report) == "three rows"


def test_rows_printed(capsys):
    try:
        print(read_row("Ann,1"))
        print(read_row("Bob"))
    except Exception as error:
        print("could not read:", error)
    assert "Ann" in capsys.readouterr().out

import locale
import time

from invoices import text


def test_name_is_saved(tmp_path):
    path = tmp_path / "name.txt"
    text.save(path, "Zoë Müller")
    assert path.read_bytes() == "Zoë Müller".encode()


def test_amount_has_a_point():
    assert text.amount(1234.5) == "1234.50"


def test_month_on_the_letterhead():
    assert text.month(time.strptime("2026-03-01", "%Y-%m-%d")) == "March"


def test_letter_is_polite():
    assert text.greeting() == "Dear customer"


def test_rate_from_tool():
    assert text.rate_from_tool() == "12 €"


def test_name_printed_by_tool():
    assert text.name_from_tool() == "Zoë\n".encode()


def test_name_is_saved_as_utf8(tmp_path):
    path = tmp_path / "name.txt"
    text.save_utf8(path, "Zoë Müller")
    assert path.read_text(encoding="utf-8") == "Zoë Müller"


def test_amount_without_locale():
    assert f"{1234.5:.2f}" == "1234.50"


def test_language_asked_for(monkeypatch):
    monkeypatch.delenv("LANGUAGE", raising=False)
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert text.greeting().startswith("Sehr geehrte")


def test_names_are_sorted_by_code_point():
    assert text.sorted_names(["b", "A", "c"]) == ["A", "b", "c"]


def test_locale_is_put_back():
    before = locale.setlocale(locale.LC_NUMERIC)
    text.amount(1.0)
    assert locale.setlocale(locale.LC_NUMERIC) == before

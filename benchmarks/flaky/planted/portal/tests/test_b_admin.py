import os
from pathlib import Path

from portal import site

ROOT = Path(__file__).resolve().parent.parent


def test_status_page_is_added():
    site.add_route("/status", "status")
    assert site.route("/status") == "status"


def test_debug_toolbar():
    os.environ["PORTAL_DEBUG"] = "1"
    assert site.debug_mode()


def test_export_in_folder(tmp_path):
    os.chdir(tmp_path)
    Path("export.csv").write_text("a;b\n")
    assert os.listdir() == ["export.csv"]


def test_customer_rules():
    site.use_extras(ROOT / "extras")
    assert site.discount(5) == -5


def test_quiet_mode(capsys):
    site.quiet()
    site.audit("bob", "logout")
    assert "bob" not in capsys.readouterr().err


def test_deprecation_is_told_once():
    site.deprecated("old_api")
    assert site.deprecated("old_api") is None


def test_query_is_recorded():
    connection = site.Connection.get()
    connection.queries.append("SELECT 1")
    assert connection.queries[-1] == "SELECT 1"


def test_promoted_reader(monkeypatch):
    monkeypatch.setitem(site.ROLES, "bob", "editor")
    site.may_edit.cache_clear()
    assert site.may_edit("bob")


def test_settings_with_monkeypatch(monkeypatch, tmp_path):
    monkeypatch.setenv("PORTAL_DEBUG", "1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(site.ROUTES, "/tmp", "tmp")
    assert site.debug_mode()
    assert site.route("/tmp") == "tmp"


def test_admin_may_edit():
    assert site.may_edit("ann")

import logging

from portal import site


class Keep(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def test_unknown_route():
    assert site.route("/status") == "not found"


def test_not_in_debug_mode():
    assert not site.debug_mode()


def test_hello_template():
    assert site.render("hello", who="Ann") == "Hello, Ann!\n"


def test_no_discount_without_rules():
    assert site.discount(100) == 100


def test_audit_is_logged():
    keep = Keep()
    site.log.addHandler(keep)
    try:
        site.audit("ann", "login")
    finally:
        site.log.removeHandler(keep)
    assert keep.lines == ["ann did login"]


def test_deprecation_is_told():
    assert site.deprecated("old_api") == "old_api is deprecated"


def test_connection_has_no_queries():
    assert site.Connection.get().queries == []
    site.Connection._only = None


def test_reader_may_not_edit():
    assert not site.may_edit("bob")
    site.may_edit.cache_clear()


def test_known_route():
    assert site.route("/help") == "help"

from __future__ import annotations

from brinell.core import outcomes


def test_a_status_keeps_its_code_and_is_one_kind():
    assert outcomes.of_status(503) == "status-503"
    assert outcomes.kind("status-503") == outcomes.STATUS
    assert outcomes.kind("timeout") == "timeout"


def test_an_answer_is_complete_whatever_it_says():
    found = {
        one: outcomes.completed(one) for one in ("ok", "status-404", "timeout", "unfinished", "short-body", "refused")
    }
    assert [one for one, complete in found.items() if complete] == ["ok", "status-404"]


def test_a_close_keeps_its_code_and_is_one_kind():
    assert outcomes.of_close(1011) == "closed-1011"
    assert outcomes.kind("closed-1011") == outcomes.CLOSED
    assert not outcomes.completed("closed-1000")

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brinell.core.finding import Finding
from brinell.core.verdicts import Exit, Reason, Verdict, first_of, worst


def test_nothing_proved_is_unknown():
    assert worst([]) is Verdict.UNKNOWN


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_the_worst_wins_whatever_the_order(verdicts):
    if Verdict.FAIL in verdicts:
        assert worst(verdicts) is Verdict.FAIL
    elif Verdict.UNKNOWN in verdicts:
        assert worst(verdicts) is Verdict.UNKNOWN
    else:
        assert worst(verdicts) is Verdict.PASS


def test_exit_codes_take_precedence_as_the_contract_orders_them():
    order = [70, 130, 2, 1, 4, 3, 0]
    for n, code in enumerate(order):
        assert first_of(Exit(c) for c in order[n:]) == code
    assert first_of([]) is Exit.PASS


@pytest.mark.parametrize(("verdict", "reason"), [(Verdict.UNKNOWN, None), (Verdict.PASS, Reason.INVALID)])
def test_a_finding_has_a_reason_exactly_when_it_is_unknown(verdict, reason):
    with pytest.raises(ValueError, match="reason"):
        Finding(id="x", check="x", required=True, verdict=verdict, title="", reason=reason)

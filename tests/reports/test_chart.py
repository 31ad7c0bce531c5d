from __future__ import annotations

from brinell.core.judgement import Seconds
from brinell.reports.chart import phases_bar, share_bar


def test_a_bar_has_the_phases_in_the_order_they_ran():
    found = phases_bar(Seconds(setup=1.0, call=2.0, teardown=None), 4.0)
    assert 'class="setup" x="0.00" width="25.00"' in found
    assert 'class="call" x="25.00" width="50.00"' in found
    assert 'class="teardown" x="75.00" width="0.00"' in found


def test_nothing_of_nothing_is_no_bar():
    assert 'width="0.00"' in share_bar(0.0, 0.0)

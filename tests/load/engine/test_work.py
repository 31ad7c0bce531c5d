from __future__ import annotations

from collections import Counter

from brinell.load.engine.recorder import Recorder
from brinell.load.engine.work import Operation, chooser


def operations(*weights):
    recorder = Recorder(0)
    return [Operation(str(weight), weight, b"", recorder) for weight in weights]


def test_weights_are_shares_and_a_seed_repeats_the_mix():
    made = operations(8.0, 2.0)
    choose = chooser(made, 1, 0)
    drawn = [choose().name for _ in range(20_000)]
    # Independent draws: 0.8 with a standard deviation of 0.0028; ten of them never happen by chance.
    assert abs(Counter(drawn)["8.0"] / len(drawn) - 0.8) < 0.028
    again, other = chooser(made, 1, 0), chooser(made, 1, 1)
    assert [again().name for _ in range(100)] == drawn[:100]
    assert [other().name for _ in range(100)] != drawn[:100]


def test_one_operation_is_always_itself():
    (only,) = operations(1.0)
    choose = chooser([only], 1, 0)
    assert choose() is only
    assert choose() is only


def test_cells_are_made_once():
    (only,) = operations(1.0)
    assert only.cell("ok") is only.cell("ok") is only._recorder.cell(only.name, "ok")


def test_bytes_of_answers_that_repeat_are_counted_when_they_change():
    (only,) = operations(1.0)
    only.see(b"12345", "ok")
    only.add_both(1)
    only.add_both(1)
    only.see(b"123", "status-404")
    only.add_response(1)
    only.add_service(1)
    only.see(b"1234567", "ok")
    only.add_both(1)
    only.cell("ok").record(1, None)
    only.cell("ok").bytes_in += 100
    slices = {one.outcome: one for one in only._recorder.take(0)}
    assert {name: (one.count, one.bytes_in) for name, one in slices.items()} == {"ok": (4, 117), "status-404": (1, 3)}

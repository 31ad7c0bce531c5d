from __future__ import annotations

import gc
import threading
import time

from brinell.load.engine.usage import Usage


def test_work_is_counted_once_and_idling_is_none():
    usage = Usage()
    began = time.process_time()
    sum(range(2_000_000))
    worked = time.process_time() - began
    cpu, starved, _ = usage.take()
    assert cpu >= worked
    assert starved >= 0
    threading.Event().wait(0.05)
    assert usage.take()[0] < worked + 0.05


def test_new_garbage_is_collected_and_timed():
    usage = Usage()
    gc.disable()
    try:
        cycle: list[object] = []
        cycle.append(cycle)
        del cycle
        before = gc.get_stats()[0]["collected"]
        collected_s = usage.take()[2]
        assert gc.get_stats()[0]["collected"] > before
        assert collected_s > 0
    finally:
        gc.enable()

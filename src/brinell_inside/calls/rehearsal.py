"""What one call costs beside what is called. PYTEST_DONT_REWRITE."""

import asyncio
import os
import time

from brinell_inside.calls.told import Told


def own_ns(make, entries, root, is_async):
    """Processor time of one of the calls that ``entries`` (few enough for a pipe) ask for, best of three.

    ``make(told, loop)`` gives who makes them, over something that does nothing.
    """
    found = []
    for _ in range(3):
        told = Told(-1, 1 << 60, root)
        loop = asyncio.new_event_loop() if is_async else None
        maker = make(told, loop)
        read_fd, write_fd = os.pipe()
        os.write(write_fd, entries)
        os.close(write_fd)
        began = time.thread_time_ns()
        count = maker.rehearse(read_fd)
        told.packed().tobytes()
        found.append((time.thread_time_ns() - began) // max(1, count))
        os.close(read_fd)
        if loop is not None:
            loop.close()
    return min(found)

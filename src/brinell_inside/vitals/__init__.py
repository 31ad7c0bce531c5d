r"""What a service's own interpreter says of itself under load: event loop, garbage collection, pools, stacks.
PYTEST_DONT_REWRITE.

Off unless asked for. ``door/`` is put first on PYTHONPATH, so that every Python that the service starts (workers too,
forked or spawned) finds ``door/sitecustomize.py``, which starts the probe and then runs the ``sitecustomize`` that
would have been found without it. Nothing else of ours becomes importable. Without ``BRINELL_VITALS`` in the
environment nothing happens at all.

The probe is one thread that ``threading`` does not count, a call in ``gc.callbacks``, and ten to twenty appointments a
second in asyncio's event loop, once there is one (trio is asked to come round; gevent is only looked at). It imports
nothing of the subject, wraps nothing and changes no setting. No signal is delivered to its thread.

The wire: ``BRINELL_VITALS`` is the path of a Unix datagram socket. Each process sends one JSON object a second, version
1, ASCII, at most 48 KiB; a datagram that finds no room is lost, and who finds nobody there ends. Times are
CLOCK_MONOTONIC nanoseconds of this machine.

    v 1 | kind "vitals" | pid | at_ns | span_ns (that it is about) | cpu_ns (of the process) | loop "asyncio..." or null
    looks, busy, long (at the loop's thread: in all, while it was in a callback, while it was in the same call for 8 ms)
    loop_cpu_ns or null | lag [ns], at most 64, or null (how late each appointment was)
    gc [count, total_ns, longest_ns]
    tasks, queued (for a thread of that pool of concurrent.futures where the most wait), pool_threads (its size) or null
    threads | pools [[kind, out, most or null]] | busiest [[name of a thread, cpu_ns, [index into frames]]]
    frames [text] | stacks [[of, [index into frames], count, long]], outermost first
    stack_looks (at the other threads), task_looks (at the tasks): how many looks their counts are from

A frame is ``function (file:line)`` with a file that begins with ``python/`` (standard library), ``site-packages/``,
``./`` (below the current directory) or ``/``; or ``json.dumps (native)``, the C function that the frame before it
calls, ``with LOCK (native)`` where it enters that. ``...`` stands for frames left out. ``of``: loop, thread (the other
threads) or task (where a coroutine waits).
"""

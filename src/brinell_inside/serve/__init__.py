"""The fork server: one collection, many children. PYTEST_DONT_REWRITE.

The tool starts pytest through ``launch.py --control C --slots W:O,W:O [--scratch DIR]`` and speaks JSON lines on the
inherited descriptors. ``C`` is read; each slot has ``W`` (what its child says) and ``O`` (its child's stdout and
stderr). Children have their temporary files in folders of their own below ``DIR``.

Control, from the tool:

``{"op": "run", "jobs": [job, ...]}`` queue jobs; one child at a time per slot, first come first served
``{"op": "kill", "job": n}`` end a job, queued or running
``{"op": "interrupt"}`` as Ctrl-C in every child: it tears down, says what it has, and ends; queued jobs are dropped
``{"op": "quit"}`` end what runs, leave the loop; so does the end of the file. ``failed`` n: pytest ends as if so many
    tests had failed in this process. ``reports`` {job: [test, ...]} and ``crashed`` {test: text}: the reports that
    plug-ins of this process hear (``relay.py``)

A job is ``{"job": n, "steps": [...], "deadline_s": s}`` with optional

``factors`` {name: level}, applied to the child before its first step (``factors/``)
``records`` true: full ``start`` / ``test`` lines (``wire.py``) instead of ``ran`` lines
``pull`` true: after its steps take chunks of steps from the ``queue`` [[step, ...], ...], until none is left. The
    queue came with its ``run`` command or, where that has none, with an earlier one: all jobs share the last queue.
    With ``worker`` "gw0" (and ``workers`` n) tests see what pytest-xdist would show them in that worker
``cover`` true: coverage.py measures on, and what it saw is saved
``alone`` true: nothing runs beside this job
``watch`` true: after each test a ``changed`` line for it
``anew`` true: random generators that nobody has seeded start elsewhere than in the other children

``trace`` true: after each test a ``touched`` line for it; what it makes outside the project is removed in the end
``beside`` {group, count}: begins with ``count`` jobs of its group, in a TMPDIR that they share (``own`` true: each in
    its own), and ``offset_s`` later. ``hold`` [name]: when it has used these ``hold_after`` times, it waits until the
    job of its group with ``follow`` true, which begins then, is through; for ``hold_s`` at most

``names`` {number: node id}: what the numbers of the steps stand for, where they are not those of this collection

A step is a test (its index in the collection), ``["mark"]``, ``["changed"]``,
``["restore", roots | null]``, ``["fixture", roots]`` or (with ``names``) ``["collect", paths]``: these files as well.

With ``--collect each`` the server forks before collection (``early.py``). Its jobs are ``{"job": n, "collect": paths |
null, "jobs": [job, ...], "deadline_s": s}``: the child collects these files (null: whatever pytest would), in this
order, and does the jobs inside, each in a child of its own, with ``names``. It says ``group`` {job}, ``collected``
{paths: files and conftests, as pytest came to them} and ``uncollected`` {nodeid, text}, then the lines and the ``end``
of each job inside.

On the wire (``wire.py``), besides what the recorder says: ``items`` {from, ids} in collection order, and ``ready``
{forkable, why, stops: the suite is to stop at the first failures (-x)}. On a slot:

``job`` {job, pid} | ``chunk`` {n} (taken from the queue) | ``begin`` {i} (a test begins) | ``ran`` {i, o outcome, s
seconds, p failed phase, t exception type, m message} | ``touched`` {i, what: [[kind, name, how]]} | ``changed`` {i,
changes, seconds} | ``restored`` {refused} |
``kills`` (the running test sends a signal to the process that serves it) | ``fixture`` {source} | ``factors``
{unsupported} | ``files`` {changed: [[path, how]]} | ``stopped`` {why, status} (something asked the whole session to
stop; with which exit status, null if that is pytest's to say) | ``error`` {where, text} (ours) | ``finished`` {job}
(the child's last word) | ``end`` {job, how, status, seconds} (the server's, always the last line of a job; how: exit |
signal | deadline | killed | fork). A job without ``finished`` was left by its test: ``os._exit``, a signal.
"""

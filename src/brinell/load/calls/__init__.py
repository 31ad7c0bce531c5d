"""``driver = "call"``: one function of the project under load, in the project's own interpreter.

A worker of ours keeps the schedule, as for every other driver, and gives each due time to a process of the project's
interpreter (``brinell_inside.calls``) at the moment it falls due. What ended comes back in blocks and is binned here.
So the schedule's lag is measured outside that interpreter, and waiting for its lock is waiting for the subject.
"""

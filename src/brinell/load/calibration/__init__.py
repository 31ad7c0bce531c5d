"""What the generator needs by itself: the scenario's requests, before it, to a server of ours that does nothing.

``trial.py`` (start here) is the trial's side, ``process.py`` a process of its own, ``null_server.py`` its other half.
"""

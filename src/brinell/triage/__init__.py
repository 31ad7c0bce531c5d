"""Failures to bugs: whose code each frame is, which failures share a root, how urgent, whose, and what to do about it.

Everything but ``reproduce`` is pure: the same journal gives the same bugs. ``signature`` is the page to read first.
"""

"""What runs in the subject's interpreter: Python 3.8 or newer, the standard library and pytest, nothing else of ours.

``launch.py`` starts the subject's own pytest with the recorder in it; ``wire.py`` documents the records that come out.
PYTEST_DONT_REWRITE (nothing here is a test, and this package may be imported before pytest looks at it).
"""

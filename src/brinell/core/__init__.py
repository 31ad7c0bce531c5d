"""Words and arithmetic shared by every part: no I/O, no clock of its own, nothing above the standard library but
msgspec and numpy. Read ``roles.py`` first: it is the contract page.
"""

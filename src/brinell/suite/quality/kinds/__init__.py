"""One file for each kind of weakness: a function from a ``Scan`` to the places where it is."""

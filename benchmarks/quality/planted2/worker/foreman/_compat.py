import warnings


def renamed(old, new):
    warnings.warn(f"{old} was renamed to {new} and will go in 3.0", DeprecationWarning, stacklevel=3)

"""Ships and berths."""


def free(berths, ships):
    """How many berths are free."""
    return max(0, berths - len(ships))

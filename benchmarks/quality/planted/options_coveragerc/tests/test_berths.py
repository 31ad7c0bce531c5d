from harbour import free


def test_free(berths):
    assert free(berths, ["Ada"]) == 3


def test_full():
    assert free(2, ["Ada", "Bea", "Cor"]) == 0


def test_region(pytestconfig):
    assert pytestconfig.getini("harbour_region") == "north"

"""An option that the tests of the harbour read."""


def pytest_addoption(parser):
    parser.addini("harbour_berths", help="how many ships fit", default="2")

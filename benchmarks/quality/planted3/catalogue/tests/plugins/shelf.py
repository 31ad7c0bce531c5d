import contextlib

import pytest


def pytest_addoption(parser):
    parser.addini("catalogue_shelf", "where the sample books stand")


class Approvals:
    """Approved text stands beside the tests; what differs is an error."""

    def __init__(self, folder):
        self.folder = folder

    def verify(self, name, text):
        approved = self.folder / f"{name}.approved.txt"
        if text.strip() != approved.read_text().strip():
            pytest.fail(f"{name} is not as approved:\n{text}")

    def record(self, name, text):
        (self.folder / f"{name}.received.txt").write_text(text)


@pytest.fixture
def approvals(request, tmp_path):
    return Approvals(request.path.parent)


@pytest.fixture
def recordings(tmp_path):
    return Approvals(tmp_path)


@pytest.fixture
def no_more_than():
    @contextlib.contextmanager
    def limit(count, things):
        yield
        if len(things) > count:
            raise AssertionError(f"{len(things)} > {count}")

    return limit


@pytest.fixture
def tolerant():
    @contextlib.contextmanager
    def tolerant():
        try:
            yield
        except Exception:
            pass

    return tolerant

import time

import pytest

from stowage.vault import sealed


@pytest.fixture
def seal():
    return sealed("open sesame")


@pytest.fixture(scope="package")
def other_seal():
    return sealed("open barley")


@pytest.fixture
def shelf():
    time.sleep(0.2)
    return {"a": 1, "b": 2, "c": 3}

import pytest

from stowage.catalog import Catalog
from stowage.vault import Vault


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes its time")


@pytest.fixture
def letter(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear vault")
    return path


@pytest.fixture
def heard():
    return []


@pytest.fixture
def vault(tmp_path, heard):
    return Vault(tmp_path / "vault", heard.append)


@pytest.fixture
def full_vault(vault, tmp_path):
    for name in "abc":
        path = tmp_path / name
        path.write_text(name * 100)
        vault.keep(path)
    return vault


@pytest.fixture
def catalog():
    catalog = Catalog()
    yield catalog
    catalog.close()

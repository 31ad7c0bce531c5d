import pytest

from catalogue.items import Film


@pytest.fixture
def film():
    return Film("Alien", 117)


@pytest.fixture
def write(write):
    def write_film(title):
        return write(f"- {{title: {title}, kind: film}}")

    return write_film

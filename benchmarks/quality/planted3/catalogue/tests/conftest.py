import pytest



@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "items.yaml"
        path.write_text(text)
        return path

    return write

from pathlib import Path

import pytest
from hypothesis import settings

from scriv.render import Mailbox, compiled_many, environment

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

HERE = Path(__file__).parent


@pytest.fixture
def snapshot(request):
    folder = HERE / "snapshots"
    name = request.node.name.removeprefix("test_")

    class Snapshot:
        def __eq__(self, text):
            return (folder / f"{name}.txt").read_text() == text

        def match(self, text):
            assert self == text, f"{name} differs from its snapshot"

    return Snapshot()


@pytest.fixture
def outbox():
    return []


@pytest.fixture
def mailbox(tmp_path, outbox):
    return Mailbox(tmp_path, lambda subject, text: outbox.append(subject))


@pytest.fixture
def env():
    return environment()


class Lazily:
    def __init__(self, made):
        self.made = made


@pytest.fixture()
def crowded():
    return compiled_many()


@pytest.fixture
def names(crowded):
    return crowded.list_templates()

import numpy as np
import pytest
from hypothesis import settings

from gaugeworks.signal import Panel, record

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture
def panel():
    return Panel()


class Recorder:
    @staticmethod
    def make():
        total = np.zeros(1)
        for seed in range(3):
            total = total + record(seed)
        return total


@pytest.fixture(name="recording")
def _recording():
    made = Recorder.make()
    made.setflags(write=False)
    return made


@pytest.fixture(scope="module", name="short")
def _short():
    return record(5, 300)


@pytest.fixture
def long_recording():
    return record(9, 500)

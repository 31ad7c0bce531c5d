"""``shape`` and what bounds a scenario, from the file to the plan."""

from __future__ import annotations

import pytest

from brinell.config import from_toml
from brinell.core.errors import UsageError

HEAD = '[[load]]\nname = "x"\nurl = "http://127.0.0.1:9"\n'


@pytest.fixture
def spec(tmp_path):
    def read(text):
        (tmp_path / "times.txt").write_text("0\n1\n2.5\n")
        (tmp_path / "brinell.toml").write_text(HEAD + text)
        (step,) = from_toml(tmp_path).steps
        return step.spec

    return read


@pytest.mark.parametrize(
    ("shape", "kept"),
    [
        ('kind = "poisson", rate = 10, duration = "1m"', {"kind": "poisson", "rate": 10, "duration": 60}),
        (
            'kind = "ramp", from_rate = 0, to_rate = 10, duration = "1m"',
            {"kind": "ramp", "from_rate": 0, "to_rate": 10, "duration": 60},
        ),
        ('kind = "steps", rates = [1, 2.5], each_s = "1m"', {"kind": "steps", "rates": [1, 2.5], "each_s": 60}),
        (
            'kind = "spike", rate = 1, peak = 9, at_s = "2s", lasts_s = "1s", duration = "1m"',
            {"kind": "spike", "rate": 1, "peak": 9, "at_s": 2, "lasts_s": 1, "duration": 60},
        ),
        (
            'kind = "sine", low = 1, high = 9, period_s = "10s", duration = "1m"',
            {"kind": "sine", "low": 1, "high": 9, "period_s": 10, "duration": 60},
        ),
        (
            'kind = "closed", duration = 5, think_s = ["500ms", "2s"], user_rate = 3',
            {"kind": "closed", "duration": 5, "think_s": [0.5, 2], "user_rate": 3},
        ),
        ('kind = "closed", duration = 5, think_s = "500ms"', {"kind": "closed", "duration": 5, "think_s": 0.5}),
    ],
)
def test_every_kind_is_kept_in_seconds(spec, shape, kept):
    assert spec(f"shape = {{ {shape} }}").shape == kept


def test_a_recording_is_kept_by_its_whole_path(spec, tmp_path):
    found = spec('shape = { kind = "replay", file = "times.txt", speed = 2 }').shape
    assert found == {"kind": "replay", "file": str(tmp_path / "times.txt"), "speed": 2}


def test_bounds_are_kept(spec):
    shape = 'shape = { kind = "constant", rate = 1, duration = 20 }\n'
    found = spec(shape + 'shed_after_s = "250ms"\nmax_requests = 10\nsteady = true')
    assert (found.shed_after_s, found.max_requests, found.steady) == (0.25, 10, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('shape = { kind = "ramps", duration = 5 }', "did you mean ramp?"),
        ('shape = { kind = "ramp", from = 1, to_rate = 2, duration = 5 }', "no such key here"),
        ('shape = { kind = "steps", rates = [0, 0], each_s = 1 }', "nothing would be sent"),
        ('shape = { kind = "steps", rates = ["a"], each_s = 1 }', "shape.rates"),
        ('shape = { kind = "steps", rates = [1], each_s = "soon" }', "a duration is"),
        ('shape = { kind = "closed", duration = 5, think_s = ["3s", "1s"] }', "shape.think_s"),
        ('shape = { kind = "closed", duration = 5, think_s = ["3s", "later"] }', "a duration is"),
        ('shape = { kind = "replay", file = "nowhere.txt" }', "there is no nowhere.txt"),
        ('shape = { kind = "replay", file = 7 }', "shape.file"),
        ('shape = { kind = "replay", file = "brinell.toml" }', "line 1 holds no time"),
        ('shape = { kind = "closed", duration = 5 }\nshed_after_s = 1', "nothing to shed"),
        ('shape = { kind = "ramp", from_rate = 1, to_rate = 2, duration = 5 }\nsteady = true', "changes by plan"),
        ('shape = { kind = "constant", rate = 1, duration = 5 }\nmax_requests = 0', "max_requests"),
        ('shape = { kind = "constant", rate = 1, duration = 5 }\nsteady = "yes"', "true or false"),
    ],
)
def test_mistakes_name_the_key(spec, text, said):
    with pytest.raises(UsageError) as told:
        spec(text)
    assert said in str(told.value)
    assert "[[load]] #1" in str(told.value)

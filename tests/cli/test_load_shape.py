from __future__ import annotations

import itertools

import msgspec
import pytest

from brinell.core.plan import LoadSpec, Plan

AT = "http://127.0.0.1:9/"
NOBODY = ("--slo", "error_rate=1")  # need be there


@pytest.fixture
def planned(here, brinell):
    """The specification that options make: of a run that is over at once, because nobody answers at that port."""

    number = itertools.count()

    def plan(*argv):
        said = brinell("load", AT, *argv, "--out", f"run{next(number)}", "--quiet", "--max-requests", "1", *NOBODY)
        assert said.code in {1, 3}, said
        newest = max(here.glob("run*/plan.json"))
        (step,) = msgspec.json.decode(newest.read_bytes(), type=Plan).steps
        assert isinstance(step.spec, LoadSpec)
        return step.spec

    return plan


@pytest.mark.parametrize(
    ("argv", "shape"),
    [
        (["--rate", "50"], {"kind": "constant", "rate": 50, "duration": 1}),
        ([], {"kind": "constant", "rate": 1000, "duration": 1}),
        (["--rate", "10..50"], {"kind": "ramp", "from_rate": 10, "to_rate": 50, "duration": 1}),
        (["--rate", "10,50,20"], {"kind": "steps", "rates": [10, 50, 20], "each_s": 1 / 3}),
        (["--shape", "poisson", "--rate", "7"], {"kind": "poisson", "rate": 7, "duration": 1}),
        (["--shape", "poisson:rate=7,seed=3"], {"kind": "poisson", "rate": 7, "duration": 1, "seed": 3}),
        (["--shape", "ramp:10..50"], {"kind": "ramp", "from_rate": 10, "to_rate": 50, "duration": 1}),
        (["--shape", "steps:rates=10,50,each_s=500ms"], {"kind": "steps", "rates": [10, 50], "each_s": 0.5}),
        (["--shape", "steps:rates=10,50"], {"kind": "steps", "rates": [10, 50], "each_s": 0.5}),
        (
            ["--shape", "spike:rate=5,peak=50,at_s=200ms,lasts_s=0.1"],
            {"kind": "spike", "rate": 5, "peak": 50, "at_s": 0.2, "lasts_s": 0.1, "duration": 1},
        ),
        (
            ["--shape", "sine:low=5,high=50,period_s=1m"],
            {"kind": "sine", "low": 5, "high": 50, "period_s": 60, "duration": 1},
        ),
        (["--model", "closed", "--think-time", "10ms"], {"kind": "closed", "duration": 1, "think_s": 0.01}),
        (["--model", "closed", "--think-time", "10ms..1s"], {"kind": "closed", "duration": 1, "think_s": [0.01, 1]}),
        (
            ["--shape", "closed:user_rate=3,think_s=10ms..1s"],
            {"kind": "closed", "user_rate": 3, "think_s": [0.01, 1], "duration": 1},
        ),
    ],
)  # fmt: skip
def test_what_options_make(planned, argv, shape):
    spec = planned(*argv, "--duration", "1s")
    assert spec.shape == shape
    assert spec.max_requests == 1


def test_a_recording_is_found_from_here(planned, here):
    (here / "times.txt").write_text("0\n1\n")
    shape = {"kind": "replay", "file": str(here / "times.txt")}
    assert planned("--shape", "replay:times.txt").shape == shape
    assert planned("--shape", "replay:times.txt,speed=2", "--duration", "5s").shape == {
        **shape,
        "speed": 2,
        "duration": 5,
    }


def test_what_is_dropped_and_what_is_judged(planned):
    spec = planned("--shed-after", "250ms", "--steady", "--duration", "1s", "--grain", "1ms")
    assert (spec.shed_after_s, spec.steady, spec.grain_s) == (0.25, True, 0.001)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--rate", "fast"], "not a number"),
        (["--rate", "10..fast"], "not a number"),
        (["--rate", "0..0"], "nothing would be sent"),
        (["--rate", "10,,20"], "not a number"),
        (["--rate", "10..20", "--steady"], "changes by plan"),
        (["--shape", "poison"], "did you mean poisson?"),
        (["--shape", "poisson:rte=7"], "did you mean rate?"),
        (["--shape", "poisson:7"], "no KEY=VALUE"),
        (["--shape", "spike:peak=5"], "at_s"),
        (["--shape", "ramp:10..50", "--rate", "7"], "leave --rate away"),
        (["--shape", "replay"], "file"),
        (["--shape", "replay:nowhere.log"], "there is no"),
        (["--shape", "closed:think_s=3s..1s"], "think_s"),
        (["--model", "closed", "--shed-after", "1s"], "nothing to shed"),
        (["--model", "closed", "--grain", "1ms"], "nothing falls due"),
        (["--model", "closed", "--think-time", "soon"], "a duration is"),
        (["--think-time", "1s"], "--model closed"),
        (["--max-requests", "0"], "--max-requests"),
        (["--shed-after", "never"], "a duration is"),
    ],
)
def test_mistakes_are_exit_2_and_leave_no_run(brinell, here, argv, said):
    given = brinell("load", AT, *argv)
    assert given.code == 2, given
    assert said in given.err
    assert not (here / ".brinell").exists()

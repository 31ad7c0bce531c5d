import random

import pytest
from draws.lottery import Experiment, backoff_delays, coupon_codes, estimate_mean, password, shuffled


@pytest.fixture
def seeded():
    state = random.getstate()
    random.seed(20)
    yield
    random.setstate(state)


def test_later_retries_wait_longer():
    delays = backoff_delays(6)
    assert max(delays[3:]) > max(delays[:3])


def test_quiz_is_shuffled():
    questions = ["capital", "river", "mountain"]
    assert shuffled(questions) != questions


def test_arms_are_balanced():
    arms = list(Experiment().assign(range(24)).values())
    assert 8 <= arms.count("a") <= 16


def test_password_has_a_digit():
    assert any(c.isdigit() for c in password(10))


def test_mean_of_response_times():
    assert abs(estimate_mean(lambda: random.gauss(100, 15), 100) - 100) < 2


def test_coupon_codes_are_unique():
    codes = coupon_codes(16)
    assert len(set(codes)) == len(codes)


def test_seeded_backoff(seeded):
    delays = backoff_delays(6)
    assert max(delays[3:]) > max(delays[:3])


def test_seeded_experiment_is_repeatable():
    users = range(50)
    assert Experiment(seed=7).assign(users) == Experiment(seed=7).assign(users)


def test_shuffle_keeps_the_questions():
    questions = list(range(30))
    assert sorted(shuffled(questions)) == questions


def test_shuffle_with_own_generator():
    assert shuffled(range(5), random.Random(3)) == shuffled(range(5), random.Random(3))


def test_large_sample_is_close_enough():
    assert abs(estimate_mean(lambda: random.uniform(0, 1), 20000) - 0.5) < 0.05


def test_password_length():
    assert len(password(16)) == 16
    assert password() != password()

"""Things drawn by lot: retry delays, quiz order, experiment arms, passwords, estimates."""

import random
import secrets
import string


def backoff_delays(attempts, cap=8.0):
    """Full jitter: each delay is anything up to the doubled cap."""
    return [random.uniform(0, min(cap, 2.0**n)) for n in range(attempts)]


def shuffled(questions, rng=random):
    out = list(questions)
    rng.shuffle(out)
    return out


class Experiment:
    def __init__(self, arms=("a", "b"), seed=None):
        self.arms = arms
        self._rng = random.Random(seed)

    def assign(self, users):
        return {user: self._rng.choice(self.arms) for user in users}


def password(length=12):
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(length))


def estimate_mean(draw, samples):
    return sum(draw() for _ in range(samples)) / samples


def coupon_codes(count):
    return [f"{random.randrange(1000):03d}" for _ in range(count)]

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from brinell.core import outcomes
from brinell.load.engine.recorder import Recorder
from brinell.load.engine.session import Answer, Stage
from brinell.load.openapi.chains import Chain, Gift, Step
from brinell.load.openapi.sessions import Described, Options, sessions

MADE = Step("POST /a", ((b"POST /a",),), gives=(Gift("/a/{}", "id", "/a"),))
READ = Step("GET /a/{id}", ((b"GET /a/", b" HTTP/1.1"),), slots=("/a/{}",))
PLAIN = Step("GET /b", tuple((b"GET /b?%d" % number,) for number in range(3)))
CHAINS = (Chain(1.0, (MADE, READ)), Chain(3.0, (PLAIN,)))


def described(seed=1, worker=0):
    options = msgspec.to_builtins(Options(CHAINS))
    # As the options arrive: through JSON.
    return sessions(msgspec.json.decode(msgspec.json.encode(options)), Stage(worker, 1, seed, Recorder(worker)))


def answered(body, *headers, outcome=outcomes.OK):
    return Answer(201, headers, body, outcome, "", 0)


def first(made, user):
    return next(made.begin(user)).request


def test_any_worker_makes_the_same_session_of_one_number():
    one, other = described(worker=0), described(worker=1)
    assert [first(one, user) for user in range(50)] == [first(other, user) for user in range(50)]
    assert [first(one, user) for user in range(50)] != [first(described(seed=2), user) for user in range(50)]


def test_weights_and_prepared_requests_are_drawn_evenly():
    made = described()
    seen = Counter(first(made, user) for user in range(8000))
    assert set(seen) == {b"POST /a", b"GET /b?0", b"GET /b?1", b"GET /b?2"}
    # Three standard deviations of a binomial share of 1/4.
    assert all(abs(count - 2000) < 3 * (8000 * 0.25 * 0.75) ** 0.5 for count in seen.values())


def linked(answer):
    made = Described(Options(CHAINS[:1]), Stage(0, 1, 1, Recorder(0)))
    session = made.begin(0)
    next(session)
    try:
        return session.send(answer).request
    except StopIteration:
        return None


@pytest.mark.parametrize(
    ("answer", "request_line"),
    [
        (answered(b'{"id": 7}'), b"GET /a/7 HTTP/1.1"),
        (answered(b'{"id": 7}', outcome=outcomes.CHECK), b"GET /a/7 HTTP/1.1"),
        (answered(b'{"data": {"id": "a b/c"}}'), b"GET /a/a%20b%2Fc HTTP/1.1"),
        (answered(b"", (b"location", b"/a/x1?y=2")), b"GET /a/x1 HTTP/1.1"),
        (answered(b"not json", (b"Location", b"http://h/a/x1/")), b"GET /a/x1 HTTP/1.1"),
        (answered(b'{"id": ".."}'), None),
        (answered(b'{"id": ""}'), None),
        (answered(b'{"id": true}'), None),
        (answered(b'{"id": [1]}'), None),
        (answered(b"", (b"location", b"/a/%2E%2e")), None),
        (answered(b"", (b"location", b"/a/x y")), None),
        (answered(b'{"id": "' + b"x" * 600 + b'"}'), None),
        (answered(b"\xff\xfe"), None),
        (answered(b'{"id": 7}', outcome="status-500"), None),
        (answered(b'{"id": 7}', outcome="timeout"), None),
    ],
)
def test_what_an_answer_names_stands_in_the_next_path_or_nothing_does(answer, request_line):
    assert linked(answer) == request_line

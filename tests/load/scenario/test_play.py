"""Whole scenarios: templates, data, extraction, checks, cookies and redirects against a server that writes down."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from brinell.core.plan import DataSpec, RequestSpec, SessionSpec
from brinell.load.shapes.closed import Closed
from brinell.load.shapes.constant import Constant


def paths(shop):
    return [target for _, target, _, _ in shop.asked]


def operations(done):
    counts = Counter()
    for one in done.slices:
        counts[one.operation, one.outcome] += one.count
    return dict(counts)


def sessions_told(done):
    return done.seconds[-1].sessions


CREATE = RequestSpec(
    name="create",
    method="POST",
    path="/notes",
    json={"text": "{{word}} for {{user.name}}", "stars": "{{int(1, 5)}}", "owner": "{{user.name}}"},
    expect=(201,),
    extract={"id": "$.id", "place": "header:Location"},
)
READ = RequestSpec(name="read", path="/notes/{{id}}", check={"json": {"$.owner": "{{user.name}}", "$.id": "{{id}}"}})
USERS = DataSpec("users.csv", "user")


@pytest.fixture
def users(tmp_path):
    (tmp_path / "users.csv").write_text('name,age\nada,36\n"grace, h",85\nzoë,7\n', encoding="utf-8")


@pytest.mark.usefixtures("users")
def test_create_then_read_with_data_extraction_and_checks(play, shop):
    done = play(data=(USERS,), sessions=(SessionSpec("author", (CREATE, READ)),))
    assert operations(done) == {("create", "ok"): 10, ("read", "ok"): 10}
    assert sessions_told(done) == (10, 10, 0)
    assert all(1 <= note["stars"] <= 5 for note in shop.notes.values())
    assert Counter(note["owner"] for note in shop.notes.values()) == {"ada": 4, "grace, h": 3, "zoë": 3}
    assert all(note["text"].endswith(f" for {note['owner']}") for note in shop.notes.values())


@pytest.mark.usefixtures("users")
def test_the_same_seed_sends_the_same_and_another_does_not(play, shop):
    def sent(**fields):
        shop.asked.clear()
        request = RequestSpec(method="POST", path="/echo?u={{uuid}}", body="{{word}} {{float(0, 1)}} {{user.name}}")
        play(data=(DataSpec("users.csv", "user", "random"),), requests=(request,), connections=1, **fields)
        return [(target, body) for _, target, _, body in shop.asked]

    first = sent(seed=7)
    assert len(set(first)) == 10
    assert sent(seed=7) == first
    assert sent(seed=8) != first
    # Two workers make together what one makes.
    halves = [sent(seed=7, most=5, worker=(worker, 2)) for worker in (0, 1)]
    assert [len(half) for half in halves] == [5, 5]


def test_an_address_that_an_answer_gave_is_asked_as_it_is(play, shop):
    follow = RequestSpec(name="follow", path="{{place}}", check={"header": {"X-Kind": "note"}})
    create = RequestSpec(
        method="POST", path="/notes", name="create", json={"a": 1}, extract={"place": "header:location"}
    )
    done = play(sessions=(SessionSpec("both", (create, follow)),))
    assert operations(done) == {("create", "ok"): 10, ("follow", "ok"): 10}
    assert "/notes/10" in paths(shop)


def test_an_address_elsewhere_is_not_asked(play):
    create = RequestSpec(path="/echo?http://192.0.2.1/x", extract={"place": "regex:http.*"})
    done = play(sessions=(SessionSpec("both", (create, RequestSpec(path="{{place}}", name="away"))),))
    assert sessions_told(done) == (10, 0, 10)
    assert "192.0.2.1 is not this machine" in done.details


def test_values_cannot_break_out_of_a_path_or_a_header(play, shop, tmp_path):
    (tmp_path / "evil.jsonl").write_text(json.dumps({"v": "a/../b?c=d e\r\nX: y"}) + "\n", encoding="utf-8")
    data = (DataSpec("evil.jsonl", "row"),)
    assert operations(play(data=data, requests=(RequestSpec(path="/echo?q={{row.v}}", name="q"),))) == {("q", "ok"): 10}
    assert set(paths(shop)) == {"/echo?q=a%2F..%2Fb%3Fc%3Dd%20e%0D%0AX%3A%20y"}
    done = play(data=data, requests=(RequestSpec(headers={"X-A": "{{row.v}}"}),))
    assert done.outcomes == {}
    assert sessions_told(done) == (10, 0, 10)
    assert "header X-A: a value with a line break cannot be sent" in done.details


def test_a_failed_check_ends_the_session_unless_it_is_to_go_on(play):
    wrong = RequestSpec(name="wrong", path="/echo", check={"body_contains": "never"})
    then = RequestSpec(name="then", path="/echo")
    both = (SessionSpec("both", (wrong, then)),)
    done = play(sessions=both)
    assert operations(done) == {("wrong", "check"): 10}
    assert sessions_told(done) == (10, 0, 10)
    assert "the body does not contain 'never'" in done.details
    done = play(sessions=both, go_on=True)
    assert operations(done) == {("wrong", "check"): 10, ("then", "ok"): 10}
    assert sessions_told(done) == (10, 10, 0)


def test_an_extraction_that_finds_nothing_is_a_failed_check(play):
    first = RequestSpec(name="first", path="/echo", extract={"id": "$.id"})
    then = RequestSpec(name="then", path="/notes/{{id}}")
    done = play(sessions=(SessionSpec("both", (first, then)),))
    assert operations(done) == {("first", "check"): 10}
    assert "extract id: the body is not JSON" in done.details
    done = play(sessions=(SessionSpec("both", (first, then)),), go_on=True)
    assert sessions_told(done) == (10, 0, 10)
    assert "id is used, and no answer of this session gave it" in done.details


def test_think_time_repetition_and_weights(play):
    one, two = RequestSpec(name="one", path="/echo"), RequestSpec(name="two", path="/echo")
    often = SessionSpec("often", (one,), weight=9, repeat=2, think_s=(0.001, 0.002))
    seldom = SessionSpec("seldom", (two,))
    done = play(Constant(200, 0.5), most=None, sessions=(often, seldom))
    seen = operations(done)
    begun, completed, aborted = sessions_told(done)
    assert (begun, aborted) == (100, 0)
    assert 2 <= seen["two", "ok"] <= 25
    assert 2 * (completed - seen["two", "ok"]) <= seen["one", "ok"] <= 2 * (100 - seen["two", "ok"])


def test_users_in_turn_think_after_their_last_request_too(play):
    spec = SessionSpec("one", (RequestSpec(path="/echo"),), think_s=(0.05, 0.05))
    done = play(Closed(0.4), most=None, sessions=(spec,), connections=2)
    assert 2 <= done.engine.scheduled <= 16


@pytest.mark.usefixtures("users")
def test_data_given_once_end_the_run_when_they_are_used_up(play, shop):
    once = DataSpec("users.csv", "user", "once")
    done = play(Closed(30), data=(once,), requests=(RequestSpec(path="/echo?{{user.name}}"),))
    assert sorted(paths(shop)) == ["/echo?ada", "/echo?grace%2C%20h", "/echo?zo%C3%AB"]
    assert sessions_told(done) == (3, 3, 0)


def test_what_is_sequential_is_given_to_nobody_else(play, shop):
    for worker in (0, 1):
        play(requests=(RequestSpec(path="/echo?{{seq}}"),), worker=(worker, 2))
    assert sorted(int(path.partition("?")[2]) for path in paths(shop)) == list(range(1, 21))


# --- bodies ---------------------------------------------------------------------------------------------------------


def test_forms_files_and_chunks_with_templates(play, shop, tmp_path):
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    form = RequestSpec(method="POST", path="/echo", form={"who": "{{choice('a&b', 'a&b')}}", "n": "1"})
    files = RequestSpec(method="POST", path="/echo", form={"who": "{{choice(x)}}"}, files={"photo": "photo.png"})
    stream = RequestSpec(method="PUT", path="/echo", body="{{choice(long)}}", stream=True)
    done = play(sessions=(SessionSpec("all", (form, files, stream)),))
    assert done.outcomes == {"ok": 30}
    bodies = {body for _, _, _, body in shop.asked}
    assert b"who=a%26b&n=1" in bodies
    assert b"long" in bodies
    assert any(b'name="who"\r\n\r\nx\r\n' in body and b"\x89PNG" in body for body in bodies)
    assert len(bodies) == 3


# --- cookies --------------------------------------------------------------------------------------------------------

LOGIN = RequestSpec(name="login", method="POST", path="/login", form={"user": "ada"})
ME = RequestSpec(name="me", path="/me", check={"body_contains": "welcome"})


def test_cookies_belong_to_a_session(play, shop):
    done = play(sessions=(SessionSpec("both", (LOGIN, ME)),), cookies=True)
    assert operations(done) == {("login", "ok"): 10, ("me", "ok"): 10}
    assert all("cookie" not in headers for _, target, headers, _ in shop.asked if target == "/login")
    assert operations(play(sessions=(SessionSpec("both", (LOGIN, ME)),)))["me", "status-401"] == 10


# --- redirects ------------------------------------------------------------------------------------------------------


def test_redirects_are_answers_unless_they_are_followed(play, shop):
    assert operations(play(sessions=(SessionSpec("one", (LOGIN,)),))) == {("login", "ok"): 10}
    shop.asked.clear()
    followed = RequestSpec(
        name="login", method="POST", path="/login", form={"user": "ada"}, expect=(200,), check={"body_contains": "wel"}
    )
    done = play(requests=(followed,), cookies=True, redirects=3)
    assert operations(done) == {("login", "ok"): 10, ("login (redirected)", "ok"): 10}
    hops = [(method, headers, body) for method, target, headers, body in shop.asked if target == "/me"]
    assert len(hops) == 10
    assert all(method == "GET" and not body and "content-type" not in headers for method, headers, body in hops)


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_what_becomes_of_the_method(play, shop, status, method):
    request = RequestSpec(method="POST", path=f"/to?status={status}&where=/echo", body="{{uuid}}")
    assert play(requests=(request,), redirects=1, connections=1).outcomes == {"ok": 20}
    asked = [(one, body) for one, target, _, body in shop.asked if target == "/echo"]
    bodies = [body for _, target, _, body in shop.asked if target != "/echo"]
    assert [one for one, _ in asked] == [method] * 10
    assert [body for _, body in asked] == (bodies if method == "POST" else [b""] * 10)  # the same body, not a new draw


def test_too_many_redirects(play):
    done = play(requests=(RequestSpec(name="loop", path="/to?where=/to%3Fwhere=/echo"),), redirects=1)
    assert operations(done) == {("loop", "ok"): 10, ("loop (redirected)", "check"): 10}
    assert "no more redirects are followed" in done.details


@pytest.mark.parametrize(
    "where",
    [
        "http://192.0.2.1/",
        "http://example.org/",
        "https://192.0.2.1/",
        "//192.0.2.1/x",
        "ftp://127.0.0.1/",
        "http://[::1",
    ],
)
def test_redirects_to_somewhere_else_are_refused(play, where):
    done = play(requests=(RequestSpec(name="away", path=f"/to?where={where}"),), redirects=5)
    assert operations(done) == {("away", "check"): 10}
    assert "redirect to" in done.details


def test_redirects_to_another_port_of_this_machine_are_followed_without_secrets(play, lab):
    there = []

    async def handler(reader, writer):
        while True:
            head, _ = await lab.read_request(reader)
            there.append(head.lower())
            writer.write(lab.ok())

    port = lab.start(handler)
    request = RequestSpec(path=f"/to?where=http://localhost:{port}/x", headers={"Authorization": "s3cret", "X-A": "b"})
    done = play(requests=(request,), redirects=1, connections=2)
    assert done.outcomes == {"ok": 20}
    assert len(there) == 10
    assert all(b"s3cret" not in head and b"x-a: b" in head for head in there)
    assert all(f"host: localhost:{port}".encode() in head for head in there)


def test_a_redirect_that_leads_nowhere_is_judged_by_what_was_expected(play):
    request = RequestSpec(path="/to?where=/echo", expect=(200,))
    assert play(requests=(request,)).outcomes == {"status-302": 10}
    assert play(requests=(RequestSpec(path="/echo", expect=(404,)),), redirects=2).outcomes == {"status-200": 10}

import asyncio
import threading
import time

from crew.work import Heart, Mailer, child_says, parse_log, queued, rendered

LINES = ["GET /shop?page=1 200", "POST /cart 302", "GET /missing 404"] * 12_000


def test_letters_are_sent():
    mailer = Mailer(["a", "b", "c"])
    mailer.start()
    time.sleep(0.12)
    assert mailer.sent == ["a", "b", "c"]


def test_pages_render_in_time():
    async def scenario():
        return await asyncio.wait_for(rendered(2), timeout=0.13)

    assert len(asyncio.run(scenario())) == 2


def test_child_answers():
    assert child_says(timeout=0.16) == "7999998000000"


def test_log_parsing_is_fast():
    began = time.perf_counter()
    parse_log(LINES)
    assert time.perf_counter() - began < 0.08


def test_heart_keeps_beating():
    with Heart() as heart:
        time.sleep(0.15)
    assert heart.longest < 0.06


def test_queue_is_fed():
    assert queued(3, timeout=0.05) == [0, 1, 2]


def test_letters_are_sent_when_joined():
    mailer = Mailer(["a", "b"])
    mailer.start()
    mailer.join(30)
    assert mailer.sent == ["a", "b"]


def test_child_answers_given_time():
    assert child_says(timeout=60) == "7999998000000"


def test_pages_render_eventually():
    async def scenario():
        return await asyncio.wait_for(rendered(2), timeout=60)

    assert len(asyncio.run(scenario())) == 2


def test_event_is_waited_for():
    done = threading.Event()
    threading.Timer(0.02, done.set).start()
    assert done.wait(30)


def test_polling_until_a_deadline():
    mailer = Mailer(["a"])
    mailer.start()
    deadline = time.monotonic() + 30
    while not mailer.sent and time.monotonic() < deadline:
        time.sleep(0.005)
    assert mailer.sent == ["a"]


def test_sleep_takes_at_least_its_time():
    began = time.monotonic()
    time.sleep(0.02)
    assert time.monotonic() - began >= 0.019


def test_log_counts():
    assert parse_log(LINES[:3]) == {("GET", "/shop", 2): 1, ("POST", "/cart", 3): 1, ("GET", "/missing", 4): 1}

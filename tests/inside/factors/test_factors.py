"""Every factor takes hold in a forked pytest child, and without it the same tests fail."""

import datetime as dt
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brinell_inside.factors import FACTORS, apply, moments, starver
from brinell_inside.factors.moments import days, hours, near

SOURCES = Path(starver.__file__).parents[2]

CLOCK = """
import datetime, time, warnings
from datetime import date, datetime as dt, timezone
from time import time as now_s, time_ns, localtime, gmtime, strftime, ctime, asctime, clock_gettime, CLOCK_REALTIME
import pytest
held, held_utc, held_today = dt.now, dt.utcnow, date.today
class Own(dt): pass
DAY = (2028, 2, 29)

@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("read", [dt.now, dt.utcnow, dt.today, held, held_utc, held_today, Own.now, Own.utcnow,
    Own.today, lambda: dt.now(timezone.utc), lambda: dt.now(tz=timezone.utc), lambda: dt.fromtimestamp(now_s())])
def test_changed_dates(read):
    assert (read().year, read().month, read().day) == DAY

@pytest.mark.parametrize("read", [localtime, gmtime, lambda: localtime(None), lambda: gmtime(now_s()),
    lambda: time.strptime(strftime("%Y-%m-%d"), "%Y-%m-%d"), lambda: time.strptime(ctime()),
    lambda: time.strptime(asctime()), lambda: gmtime(time_ns() // 10**9),
    lambda: gmtime(clock_gettime(CLOCK_REALTIME))])
def test_changed_times(read):
    assert read()[:3] == DAY

def test_same_otherwise():
    assert gmtime(0)[:3] == (1970, 1, 1)
    assert strftime("%Y", (2020, 1, 1, 0, 0, 0, 0, 1, 0)) == "2020"
    assert type(Own.now()) is Own and dt.now(timezone.utc).tzinfo is timezone.utc
    for call, error in ((lambda: localtime("x"), TypeError), (lambda: strftime(), TypeError),
                        (lambda: gmtime(10**30), OverflowError), (lambda: clock_gettime(999), OSError)):
        with pytest.raises(error):
            call()
    import pickle
    assert pickle.loads(pickle.dumps(now_s)) is now_s
    first = now_s(); assert first <= now_s() <= first + 60
    assert abs(dt.now().timestamp() - now_s()) < 60
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dt.utcnow()
    assert all(warning.filename == __file__ for warning in caught)
"""


def test_clock(holds):
    holds({"clock": "2028-02-29T12:00:00"}, CLOCK)


def test_clock_runs_over_a_dst_gap(holds):
    tests = """
import time
from datetime import datetime
def test_changed_hour():
    while datetime.now().microsecond > 800000: time.sleep(0.02)
    assert datetime.now().replace(microsecond=0) >= datetime(2027, 3, 28, 3, 0, 0) and time.localtime().tm_hour == 3
"""
    holds({"clock": {"at": "2027-03-28T01:59:59.900000", "tz": "Europe/Berlin"}}, tests)


FILES = """
import os, pathlib, shutil, time
OLD = pathlib.Path(__file__)

def test_changed_a_new_file_is_new(tmp_path):
    path = tmp_path / "new"
    path.write_text("x")
    now = time.time()
    with open(path) as file:
        stats = [path.stat(), os.stat(path), os.lstat(str(path)), os.fstat(file.fileno())]
    for stat in stats:
        assert abs(now - stat.st_mtime) < 60 and abs(stat.st_mtime_ns - now * 1e9) < 60e9 and stat.st_size == 1
        assert abs(stat[8] - now) < 60 and time.gmtime(stat.st_ctime)[:2] == (2028, 2)
    assert abs(os.path.getmtime(path) - now) < 60

def test_others_keep_their_times(tmp_path):
    assert time.gmtime(os.__file__ and os.stat(os.__file__).st_mtime)[:2] != (2028, 2)
    path = tmp_path / "old"
    path.write_text("x")
    for when in (1e9, time.time() - 86400):
        os.utime(path, (when, when))
        assert abs(path.stat().st_mtime - when) < 0.01
    copy = shutil.copy2(path, tmp_path / "copy")
    assert abs(os.stat(copy).st_mtime - path.stat().st_mtime) < 0.01
    shutil.rmtree(tmp_path)
    assert not tmp_path.exists()
"""


def test_files_are_made_at_the_moment(holds):
    holds({"clock": "2028-02-29T12:00:00"}, FILES)


def test_each_test_begins_at_the_moment(holds):
    tests = """
import pytest, time
from datetime import datetime, timedelta
MOMENT, ends = datetime(2027, 3, 28, 23, 59, 59, 900000), [time.monotonic()]
@pytest.mark.parametrize("number", range(3))
def test_changed_minute(number):
    after = datetime.now() - MOMENT
    assert timedelta(0) <= after < timedelta(seconds=time.monotonic() - ends[-1])  # without the tests before it
    time.sleep(0.15)
    assert (datetime.now().hour, datetime.now().minute) == (0, 0)
    ends.append(time.monotonic())
"""
    holds({"clock": "2027-03-28T23:59:59.900000"}, tests)


def test_seeds(under):
    tests = """
import os, random, secrets, uuid
from os import urandom
from uuid import uuid4
def test_drawn():
    drawn = [random.random(), urandom(4), os.urandom(4), uuid4(), secrets.token_hex(4), random.Random().random()]
    raise AssertionError("drawn: %s!" % drawn)
def test_a_fork_has_its_own():
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, urandom(8)); os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 8) != urandom(8)
    for wrong in (-1, 1.5):
        try: urandom(wrong)
        except (ValueError, TypeError): continue
        assert False
"""

    def drawn(levels):
        ended = under(levels, tests)
        assert ended["problems"] == {}
        assert ended["outcomes"]["test_a_fork_has_its_own"][0] == "passed"
        return re.search(r"AssertionError: drawn: (.*)!", ended["outcomes"]["test_drawn"][1]).group(1).split(", ")

    first = drawn({"rng": 7, "entropy": 3})
    assert first == drawn({"rng": 7, "entropy": 3})
    assert not set(first) & set(drawn({"rng": 8, "entropy": 4}))
    assert not set(first) & set(drawn({}))


SEEDED_BEFORE = """
import random
from brinell_inside.serve.worker import remember_random
remember_random()
{before}
def test_drawn():
    raise AssertionError("drawn: %s!" % random.random())
"""


@pytest.mark.parametrize(
    ("before", "held"),
    [
        ("pass", False),
        ("random.random()", False),
        ("random.getrandbits(32 * 5000)", False),
        ("random.seed(7)", True),
        ("random.seed(7); random.random()", True),
        ("random.Random(7).random()", False),
    ],
)
def test_what_the_project_seeds_itself_is_left_alone(under, before, held):
    def drawn(seed):
        ended = under({"rng": seed}, SEEDED_BEFORE.format(before=before))
        return ended["problems"], ended["outcomes"]["test_drawn"][1].rpartition("drawn: ")[2].partition("!")[0]

    (why, first), (_, second) = drawn(1), drawn(2)
    assert ("seeds its random numbers itself" in why.get("rng", "")) == held
    assert (first == second) == held


@pytest.mark.parametrize("python", [sys.executable], indirect=True)  # numpy is our own dependency
def test_numpy_is_seeded_unless_the_project_does(under):
    draw = """
import pytest
import numpy
{before}
def test_drawn():
    raise AssertionError("drawn: %s!" % numpy.random.rand())
"""

    def drawn(seed, before):
        outcomes = under({"rng": seed}, draw.format(before=before))["outcomes"]
        return outcomes["test_drawn"][1].rpartition("drawn: ")[2].partition("!")[0]

    assert drawn(1, "pass") == drawn(1, "pass") != drawn(2, "pass")
    assert drawn(1, "numpy.random.seed(5)") == drawn(2, "numpy.random.seed(5)")


def test_randomly_reseeds_with_the_seed(under):
    pytest.importorskip("pytest_randomly")
    tests = "import random\ndef test_a(request): assert request.config.option.randomly_seed == 7\n"
    ended = under({"rng": 7}, tests, ("pytest_randomly",))
    assert ended["outcomes"]["test_a"][0] == "passed"


TAKES_HOLD = """
{"tz": "America/New_York"}
    import time; assert time.localtime(0)[:4] == (1969, 12, 31, 19)
{"locale": "C.UTF-8"}
    import os; assert os.environ["LC_ALL"] == "C.UTF-8"
{"umask": "027"}
    import os; old = os.umask(0); os.umask(old); assert old == 0o27
{"locale": {"variable": "xx_XX.UTF-8"}}
    import os; assert os.environ["LC_ALL"] == os.environ["LANG"] == "xx_XX.UTF-8"
{"nofile": 200}
    import resource; assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 200
{"nofile": {"limit": 500, "exact": true}}
    import resource; assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 500
{"home": "missing"}
    import os; assert not os.path.exists(os.path.expanduser("~"))
    with pytest.raises(OSError): os.makedirs(os.path.expanduser("~/.config"))
{"home": "read-only"}
    import os; assert os.path.isdir(os.path.expanduser("~"))
    with pytest.raises(OSError): os.mkdir(os.path.expanduser("~/.t")); os.rmdir(os.path.expanduser("~/.t"))
{"cwd": "scratch"}
    import os; assert os.path.basename(os.getcwd()) == "cwd" and not os.listdir(".")
{"tmp": "scratch"}
    import tempfile; assert "/scratch/tmp/" in tempfile.mkstemp()[1]
{"switch": 0.5}
    import sys; assert sys.getswitchinterval() == 0.5
{"cpu": {"spinners": 1}}
    import os; assert len(os.sched_getaffinity(0)) == 1
{"threads": "slow-start"}
    import threading; ran = []; thread = threading.Thread(target=ran.append, args=(1,))
    thread.start(); late = not ran; thread.join(); assert late and ran == [1] and "run" not in thread.__dict__
{"sleep": "zero-yield"}
    from time import monotonic; began = monotonic(); held(1); held(1)
    assert monotonic() - began < 1.9
{"sleep": "long"}
    from time import monotonic; took = []
    for _ in range(20):
        began = monotonic(); held(0.001); took.append(monotonic() - began)
    assert min(took) > 0.045
"""
CASES = re.findall(r"^(\{.*)\n((?:    .*\n)+)", TAKES_HOLD, re.MULTILINE)


@pytest.mark.parametrize(("levels", "test"), CASES, ids=[levels for levels, _ in CASES])
def test_takes_hold(holds, levels, test):
    if "cpu" in levels and os.cpu_count() == 1:
        pytest.skip("not here: one core anyway")
    holds(json.loads(levels), f"import pytest\nfrom time import sleep as held\ndef test_changed_it():\n{test}")


def test_room_for_a_few_descriptors_is_left(holds):
    tests = """
import os, pytest, resource
taken = [os.open(os.devnull, os.O_RDONLY) for _ in range(50)]
far = os.dup2(taken[0], 900)
def test_changed_limit():
    assert 64 < resource.getrlimit(resource.RLIMIT_NOFILE)[0] < 120
    more = [os.dup(taken[0]) for _ in range(4)]
    with pytest.raises(OSError):
        [os.dup(taken[0]) for _ in range(20)]
"""
    holds({"nofile": 64}, tests)


LOCALE = """
import locale, os, subprocess, time
def test_changed_here():
    before = locale.setlocale(locale.LC_ALL)
    locale.setlocale(locale.LC_ALL, "")
    assert locale.format_string("%.1f", 1234.5, grouping=True) == "1.234,5"
    assert time.strftime("%B", (2026, 3, 1, 0, 0, 0, 6, 60, 0)) == "März"
    locale.setlocale(locale.LC_ALL, before)
def test_changed_in_other_processes():
    said = subprocess.run(["locale", "decimal_point"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    assert said == b",\\n"
"""


@pytest.mark.prove
def test_locale_that_is_not_installed_is_compiled(holds, under):
    why = under({"locale": "de_DE.UTF-8"}, "def test_a(): pass")["problems"].get("locale")
    if why:
        assert "localedef" in why  # says what would enable it
        pytest.skip(f"not here: {why}")
    holds({"locale": "de_DE.UTF-8"}, LOCALE)


NETWORK = """
import errno, socket
import _socket
import pytest
from socket import create_connection, getaddrinfo

def test_changed_addresses():
    for kind in (socket.socket, _socket.socket):
        with pytest.raises(OSError) as raised:
            kind(socket.AF_INET, socket.SOCK_DGRAM).connect(("203.0.113.1", 9))
        assert raised.value.errno == errno.ENETUNREACH
    assert socket.socket(type=socket.SOCK_DGRAM).connect_ex(("203.0.113.1", 9)) == errno.ENETUNREACH
    with pytest.raises(OSError):
        socket.socket(type=socket.SOCK_DGRAM).sendto(b"", ("203.0.113.1", 9))

def test_names():
    for call in (lambda: getaddrinfo("example.invalid", 80), lambda: create_connection(("example.invalid", 80))):
        with pytest.raises(socket.gaierror):
            call()

def test_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with create_connection(server.getsockname()) as client, server.accept()[0] as other:
            client.sendall(b"hello"); assert other.recv(5) == b"hello"
    getaddrinfo("localhost", 80)
    with pytest.raises(TypeError):
        socket.socket().connect()
"""


def test_network_blocked(holds):
    ended = holds({"network": "blocked"}, NETWORK)
    assert ended["report"]["network"] >= 4
    assert ended["report"]["network_local"] >= 1


def test_network_all_and_watch(under):
    ended = under({"network": "all"}, NETWORK)["outcomes"]
    assert {name: outcome for name, (outcome, _) in ended.items()}["test_this_machine"] == "failed"
    watched = under({"network": "watch"}, NETWORK)
    assert watched["outcomes"]["test_this_machine"][0] == "passed"
    assert watched["report"]["network_local"] == 1


APART = """
import errno, os, socket, subprocess, sys
from socket import create_connection
ASK = "import socket; socket.socket(type=socket.SOCK_DGRAM).connect(('203.0.113.1', 9))"

def test_changed_for_other_processes():
    assert b"unreachable" in subprocess.run([sys.executable, "-S", "-c", ASK], stderr=subprocess.PIPE).stderr

def test_changed_routes():
    with open("/proc/net/dev") as devices:
        assert [line.split(":")[0].strip() for line in devices][2:] == ["lo"]

def test_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with create_connection(server.getsockname()) as client, server.accept()[0] as other:
            client.sendall(b"hello"); assert other.recv(5) == b"hello"

def test_rights_are_as_before():
    os.chmod("own", 0o400)
    assert os.stat("own").st_uid == os.getuid() and os.access("own", os.W_OK) == (os.getuid() == 0)
"""


def _may_be_apart(python, how=""):
    """Whether this machine gives such a network; asked of the same code, in a process of its own."""
    ask = f"import sys; sys.path.insert(0, {str(SOURCES)!r}); from brinell_inside.factors import own_network as o;"
    done = subprocess.run([python, "-c", f"{ask} {how}; o.leave()"], capture_output=True, text=True, check=False)
    return not done.returncode or "no network of its own" not in done.stderr


def test_network_apart(holds, python, tmp_path):
    if not _may_be_apart(python):
        pytest.skip("not here: no namespaces for this user")
    if len(Path("/proc/net/dev").read_text().splitlines()) < 4:
        pytest.skip("not here: there is no network to be taken away")
    (tmp_path / "own").touch()
    holds({"network": "apart"}, APART)


@pytest.mark.skipif(os.getuid() != 0, reason="not here: needs a user to become")
def test_network_apart_without_privileges(python, tmp_path):
    own = tmp_path / "own"
    own.touch()
    own.chmod(0o400)
    ask = f"""
import ctypes, encodings.idna, os, socket, sys  # all before this user can no longer read the library
sys.path.insert(0, {str(SOURCES)!r})
from brinell_inside.factors import own_network
os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
ctypes.CDLL(None).prctl(4, 1)  # as a process that was always this user's: its files in /proc are its own
try:
    own_network.leave()
except ValueError as error:
    sys.exit("skip: %s" % error)
assert os.getuid() == os.getgid() == 65534
assert not os.access({str(own)!r}, os.W_OK), "it has become almighty"
assert "CapEff:\\t0000000000000000" in open("/proc/self/status").read()
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname()).close()
"""
    done = subprocess.run(
        [python, "-I", "-B", "-c", ask], cwd="/", capture_output=True, text=True, timeout=60, check=False
    )
    if done.stderr.startswith("skip:"):
        pytest.skip(f"not here: {done.stderr}")
    assert not done.returncode, done.stderr


@pytest.mark.parametrize("who", ["socket.create_connection({})", "_socket.socket().connect({})", "elsewhere({})"])
def test_a_server_that_is_left_behind_shows_nothing(under, python, who):
    if not _may_be_apart(python):
        pytest.skip("not here: no namespaces for this user")
    tests = f"""
import _socket, socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 0))
def elsewhere(address):
    ask = "import socket; socket.create_connection(%r)" % (address,)
    subprocess.run([sys.executable, "-S", "-c", ask], check=True, stderr=subprocess.DEVNULL)
def test_database():
    {who.format("server.getsockname()")}
"""
    said = under({"network": "apart"}, tests)
    assert said["outcomes"]["test_database"][0] == "failed"
    assert "of this machine" in said["late"]["network"]
    assert under({"network": "blocked"}, tests)["late"] == {}


def test_a_server_of_the_tests_own_is_no_matter(under, python):
    if not _may_be_apart(python):
        pytest.skip("not here: no namespaces for this user")
    tests = """
import socket
outside = socket.create_server(("127.0.0.1", 0))
def test_own():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    try:
        socket.create_connection(("203.0.113.1", 9))
    except OSError:
        pass
"""
    said = under({"network": "apart"}, tests)
    assert (said["outcomes"]["test_own"][0], said["late"]) == ("passed", {})


STARTS = """
import sys
sys.path.insert(0, sys.argv[1])
from brinell_inside.factors import apply, processor, release
assert apply({"cpu": sys.argv[2]}, sys.argv[3]) == {}
print(*[pid for pid, _, _ in processor._running], flush=True)
sys.stdin.readline()
release()
release()
print("released", flush=True)
sys.stdin.readline()
"""


def started(python, level, scratch):
    """A process under ``cpu``, and what it had started."""
    sources = str(Path(starver.__file__).parents[2])
    process = subprocess.Popen(
        [python, "-c", STARTS, sources, level, str(scratch)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    return process, [int(word) for word in process.stdout.readline().split()]


def gone(pids):
    until = time.monotonic() + 30
    while any(starver.began(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)
    return not any(starver.began(pid) for pid in pids)


@pytest.mark.parametrize("level", ["starved", "jitter", "slow", "paused"])
@pytest.mark.parametrize("ending", ["release", "kill"])
def test_leaves_no_process(python, tmp_path, level, ending):
    process, pids = started(python, level, tmp_path)
    with process:
        assert len(pids) == (2 if level == "starved" else 1)
        assert all(starver.began(pid) for pid in pids)
        assert all(os.getsid(pid) != os.getsid(process.pid) for pid in pids)
        if ending == "release":
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "released\n"
            assert not any(starver.began(pid) for pid in pids)
            process.stdin.write("\n")
        else:
            process.send_signal(signal.SIGKILL)
    assert process.returncode == (0 if ending == "release" else -signal.SIGKILL)
    assert gone(pids)


def test_says_why_not(tmp_path):
    levels = {
        "hash": 3, "nonsense": 1, "tz": "Mars/Olympus", "locale": "xx_XX.UTF-8", "umask": "9",
        "clock": "yesterday", "network": "slow", "nofile": 10**9, "home": "sweet", "cwd": 3, "sleep": None,
        "cpu": {"spinners": 99}, "rng": "x", "threads": [],
    }  # fmt: skip
    before = dict(os.environ), Path.cwd()
    problems = apply(levels, str(tmp_path))
    assert set(problems) == set(levels)
    assert "fresh interpreter" in problems["hash"]
    assert "Mars/Olympus" in problems["tz"]
    assert (dict(os.environ), Path.cwd()) == before
    assert set(levels) - {"nonsense"} <= set(FACTORS)


@pytest.mark.parametrize("day", range(0, 1500, 13))
def test_hours_and_days_are_all_there_and_ahead(day):
    now = dt.datetime(2026, 11, 21, 5) + dt.timedelta(days=day)  # noqa: DTZ001 - local time
    half_hours = [dt.datetime.fromisoformat(level["at"]) for level in hours(now).values()]
    assert {(moment.hour, moment.minute >= 30) for moment in half_hours} == {(h, m) for h in range(24) for m in (0, 1)}
    ahead = [dt.datetime.fromisoformat(level["at"]) for level in days(now).values()]
    assert all(moment > now for moment in half_hours + ahead + [dt.datetime.fromisoformat(x["at"]) for x in near(now)])
    assert {moment.weekday() for moment in ahead} == set(range(7))
    assert {moment.month for moment in ahead} == set(range(1, 13))
    assert {moment.day for moment in ahead} >= set(range(1, 29))
    assert max(moment.year for moment in ahead) == now.year + 25


@pytest.mark.parametrize("day", range(0, 1500, 7))
def test_moments_lie_ahead_and_have_ordinary_controls(day):
    now = dt.datetime(2026, 11, 21, 5) + dt.timedelta(days=day)  # noqa: DTZ001 - local time
    levels = moments(now)
    for name, level in levels.items():
        moment = dt.datetime.fromisoformat(level["at"])
        if level.get("control"):
            assert name == "as-is" or (moment.weekday() == 2 and 11 <= moment.day <= 19)
        else:
            assert moment > now
            assert levels["control of " + name].get("tz") == level.get("tz")
    assert dt.datetime.fromisoformat(levels["leap-day"]["at"]).timetuple()[1:3] == (2, 29)
    assert dt.datetime.fromisoformat(levels["dst-back"]["at"]).weekday() == 6
    assert dt.datetime.fromisoformat(levels["monday"]["at"]).weekday() == 0
    assert dt.datetime.fromisoformat(levels["weekend"]["at"]).weekday() == 5

"""Is `brinell cache` right about caches with one planted defect each, and about their sound look-alikes?

    python benchmarks/cache/planted.py [--only stale] [--times 1]

Every case is `brinell cache` as a user types it, against what is in `planted/` (and the Redis and memcached of this
machine, if they are installed). Printed: what was to be found, what was found, and seconds. A defect is found if its
finding fails; a look-alike is right if no finding of a cache fails. Exits with 1 if one is wrong. About four minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PLANTED = Path(__file__).with_name("planted")
COMMON = "--duration 2s --rate 500 --keys 2000 --capacity 200 --connections 4"
LARGE = "--duration 5s --rate 1500 --keys 20000 --capacity 200 --distribution uniform --value-bytes 8000 --no-probe"
RATE = "--duration 4s --rate 1000 --keys 2000 --capacity 200 --connections 1 --workload ycsb-c --no-probe"
LIVES = "--set-option ttl=1 --expires 1s --duration 1s --rate 200"
LOADS = "--stampede load --callers 20 --cold-keys 5 --duration 1s --rate 200"
FUNCTION = "--loader plain:fetch --key {key} --duration 2s --rate 500 --keys 1000 --capacity 200 --cold-keys 5"
CROWD = "--keys 100 --duration 2s --rate 100 --cold-keys 5 --callers 30"
UPDATE = """--update 'PUT /users/{key} {"name": "{stamp}"}'"""
DELETE = "--delete 'DELETE /users/{key}'"
STORE = "--keys 20000 --value-bytes 1000 --duration 6s --rate 2000"


class Case(NamedTuple):
    """``findings`` must fail; none: no finding of the cache may. ``target``: an object; ``service KIND``; a store."""

    kind: str
    target: str
    findings: frozenset[str]
    words: str


def case(kind: str, target: str, findings: str, words: str) -> Case:
    return Case(kind, target, frozenset(findings.split()), words)


CASES = (
    case("sound", "plain:Sound", "", COMMON),
    case("sound", "plain:Unsized", "", COMMON),
    case("sound", "plain:SaysMissItsWay", "", COMMON),
    case("sound", "plain:Batches", "", COMMON),
    case("sound", "plain:SecondChance", "", RATE),
    case("sound", "plain:TwoLevels", "", COMMON),
    case("sound", "plain:Sound", "", LIVES),
    case("sound", "plain:Loads", "", LOADS),
    case("sound", "plain:Unsized", "", LARGE),
    case("sound", "plain:Files", "", LARGE + " --directory var"),
    case("sound", "awaited:Sound", "", COMMON),
    case("sound", "awaited:Sound", "", LOADS),
    case("sound", "awaited:FilesInThreads", "", COMMON.replace("--capacity 200", "")),
    case("sound", "awaited:Logs", "", COMMON),
    case("sound", "plain:user_once", "", FUNCTION),
    case("sound", "service sound", "", f"{CROWD} --counter '/metrics#loads_total' {UPDATE}"),
    case("sound", "service sound", "", f"{CROWD} {UPDATE} --mix read=0.9,update=0.1"),
    case("sound", "service sound", "", f"{CROWD} {UPDATE} {DELETE}"),
    case("sound", "service sound silent", "", f"{CROWD} --counter '/metrics#loads_total'"),
    case("sound", "redis allkeys-lru", "", STORE),
    case("sound", "memcached", "", STORE.replace("--keys 20000", "--keys 100000")),
    case("stampede", "plain:LoadsWithoutALock", "stampede", LOADS),
    case("stampede", "plain:LooksOnceOnly", "stampede", LOADS),
    case("stampede", "awaited:LoadsWithoutALock", "stampede", LOADS),
    case("stampede", "plain:user", "stampede", FUNCTION + " --loader-time 20ms --no-prefill"),
    case("stampede", "service everyone-loads", "stampede", f"{CROWD} --counter '/metrics#loads_total'"),
    case("stampede", "service everyone-loads", "stampede", CROWD),
    case("stampede", "service everyone-loads silent", "stampede", CROWD),
    case("stale", "plain:DeletesNear", "stale_reads", COMMON),
    case("stale", "plain:DeletesFar", "stale_reads", COMMON),
    case("stale", "plain:DeletesLater", "stale_reads", COMMON),
    case("stale", "plain:PutsBackWhatWasDeleted", "stale_reads", LOADS),
    case("stale", "awaited:DeletesOneLevel", "stale_reads", COMMON),
    case("stale", "awaited:KeepsOldFlights", "stale_reads", LOADS),
    case("stale", "service forgets", "stale_reads", f"{CROWD} {UPDATE}"),
    case("stale", "service later", "stale_reads", f"{CROWD} {UPDATE}"),
    case("stale", "service forgets", "stale_reads", f"{CROWD} {DELETE}"),
    case("stale", "service forgets silent", "stale_reads", f"{CROWD} {DELETE}"),
    case("wrong", "plain:CutsKeys", "wrong_values", COMMON),
    case("expires", "plain:MillisecondsForSeconds", "expires", LIVES),
    case("expires", "plain:MinutesForSeconds", "expires", LIVES),
    case("expires", "plain:NotHandedOn", "expires", LIVES),
    case("expires", "plain:ReadingKeepsAlive", "expires", LIVES),
    case("growth", "plain:NeverDrops", "growth", COMMON),
    case("growth", "plain:DropsFromTheWrongOne", "growth", COMMON),
    case("growth", "plain:unsized_that_never_drops", "growth", LARGE),
    case("growth", "plain:LeavesFiles", "growth", LARGE + " --directory var"),
    case("hit-rate", "plain:DropsTheNewest", "hit_rate", RATE),
    case("hit-rate", "plain:StartsAnew", "hit_rate", RATE),
    case("hit-rate", "plain:Smaller", "hit_rate", RATE),
    case("hit-rate", "plain:ExpiresAtOnce", "hit_rate", RATE),
    case("hit-rate", "plain:user_never", "hit_rate", FUNCTION),
    case("blocking", "awaited:ReadsFiles", "blocking", COMMON),
    case("blocking", "awaited:Database", "blocking", COMMON.replace("--capacity 200", "")),
    case("blocking", "awaited:Sleeps", "blocking", COMMON),
)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", help="one kind")
    options.add_argument("--times", type=int, default=1)
    given = options.parse_args()
    sys.stdout.write(f"{'kind':<9} {'cache':<34} {'to be found':<14} {'found':<24} {'s':>5}\n")
    found = [tried(one) for one in CASES * given.times if given.only in {None, one.kind}]
    sys.stdout.write(", ".join(f"{found.count(word)} {word}" for word in ("right", "skipped", "wrong")) + "\n")
    return 1 if "wrong" in found else 0


def tried(one: Case) -> str:
    """Do one, print its line, and return whether it was right, wrong or skipped."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planted-") as name:
        folder = Path(name) / "project"
        shutil.copytree(PLANTED, folder, ignore=shutil.ignore_patterns("__pycache__"))
        with target_of(one.target, folder) as target:
            if target is None:
                sys.stdout.write(f"{one.kind:<9} {one.target:<34} not installed\n")
                return "skipped"
            argv = [sys.executable, "-m", "brinell", "cache", target, *shlex.split(one.words), "--json", "--quiet"]
            done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    try:
        judgement = json.loads(done.stdout)
    except ValueError:
        sys.stdout.write(f"{one.kind:<9} {one.target:<34} no judgement: {done.stderr.strip()[-400:]}\n")
        return "wrong"
    failed = {each["id"].rpartition(".")[2]: each for each in judgement["findings"] if is_accused(each)}
    is_right = one.findings <= set(failed) if one.findings else not failed
    expected, told = " ".join(sorted(one.findings)) or "-", " ".join(sorted(failed)) or "-"
    mark = "" if is_right else f"   wrong: {[each['title'] for each in failed.values()]} {judgement['not_measured']}"
    line = f"{one.kind:<9} {one.target:<34} {expected:<14} {told:<24} {time.monotonic() - begun:5.1f}{mark}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return "right" if is_right else "wrong"


def is_accused(finding: dict) -> bool:
    return finding["verdict"] == "fail" and (finding["check"] == "cache" or finding["id"].endswith(".loop_stall"))


@contextlib.contextmanager
def target_of(words: str, folder: Path) -> Iterator[str | None]:
    """Start what is to be asked, and give its address; None: it is not installed."""
    kind, _, rest = words.partition(" ")
    port = free_port()
    if kind == "service":
        argv = [sys.executable, "service.py", str(port), *rest.split()]
        target = f"http://127.0.0.1:{port}/users/{{key}}"
    elif kind == "redis":
        argv = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
        argv += ["--maxmemory", "8mb", "--maxmemory-policy", rest]
        target = f"redis://127.0.0.1:{port}"
    elif kind == "memcached":
        argv = ["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "16", "-u", "nobody"]
        target = f"memcached://127.0.0.1:{port}"
    else:
        yield words
        return
    if shutil.which(argv[0]) is None:
        yield None
        return
    server = subprocess.Popen(argv, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        listening(port)
        yield target
    finally:
        server.kill()
        server.wait()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def listening(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())

"""Are drills right about services with one planted defect each, and about their healthy look-alikes?

    python benchmarks/drills/planted.py [--only drain] [--times 1]

Every case is `brinell drill` as a user types it, against `tests/drills/subject.py` (storms:
`socket_subject.py`). Printed: what was expected, the verdict, the rules that failed, seconds. On a crowded machine a
drill may say that the generator was the limit (unknown: invalid), which is neither right nor wrong. Exits with 1 if one
is wrong. About five minutes; nothing leaves loopback.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

SUBJECT = Path(__file__).resolve().parents[2] / "tests" / "drills" / "subject.py"
SOCKETS = SUBJECT.with_name("socket_subject.py")
DRAIN = "--rate 50 --set before_s=2"
LIFE = "--set times=6 --set patience_s=3"
ORDER = (
    "/orders --body '{\"key\": \"{{round}}\"}' --set 'expect={created=1}' --set 'same=\"$.id\"' "
    '--set \'then={path="/orders?key={{round}}", value="$.count", equals=1}\''
)
PAY = "/pay --body '{\"id\": \"{{round}}\"}' --set 'expect={created=1}'"
CROWD = "/ --rate 80 --set before_s=5 --set lasts_s=2 --set times=4 --set within_s=12 --set calm_s=3"
STORM = "/ --set sockets=100 --set within_s=5"
SLOW = "/ --rate 30 --timeout 1s --set part_s=4 --set slow=90 --set every_s=0.2"


class Case(NamedTuple):
    """One drill on one subject; ``rules`` are those that must fail, none for a healthy one."""

    drill: str
    subject: str
    rules: frozenset[str]
    words: str


def case(drill: str, subject: str, rules: str, words: str) -> Case:
    return Case(drill, subject, frozenset(rules.split()), words)


CASES = (
    case("drain", "healthy", "", DRAIN),
    case("drain", "dies --work-ms 50", "lost", DRAIN),
    case("drain", "closes", "lost", DRAIN),
    case("drain", "resets", "idle", DRAIN),
    case("drain", "ignores", "exit", f"{DRAIN} --stop-timeout 1s"),
    case("drain", "crashes", "status", DRAIN),
    case("drain", "orphan", "left", DRAIN),
    case("lifecycle", "healthy", "", LIFE),
    case("lifecycle", "checked-lock", "", LIFE),
    case("lifecycle", "stale-lock", "start", LIFE),
    case("lifecycle", "orphan", "orphans", LIFE),
    case("lifecycle", "litter", "files", LIFE),
    case("lifecycle", "hangs", "second-start at-once port-taken", LIFE),
    case("lifecycle", "quiet", "second-start at-once port-taken", LIFE),
    case("lifecycle", "tramples", "second-start stale-pid", LIFE),
    case("race", "healthy", "", ORDER),
    case("race", "twice", "race", ORDER),
    case("race", "healthy", "", PAY),
    case("race", "pays", "race", PAY),
    case("race", "breaks", "race", PAY),
    case("spike", "queue", "", CROWD),
    case("spike", "metastable", "back", CROWD),
    case("storm", "sockets healthy", "", STORM),
    case("storm", "sockets refuses --places 60", "", f"{STORM} --set limit=60"),
    case("storm", "sockets closes --places 60", "", f"{STORM} --set limit=60"),
    case("storm", "sockets refuses --places 60", "limit", f"{STORM} --set limit=50"),
    case("storm", "sockets forgets --places 100", "back", STORM),
    case("storm", "sockets drops --places 100", "back", STORM),
    case("slow-client", "healthy", "", SLOW),
    case("slow-client", "single", "served", SLOW),
    case("slow-client", "threads", "served", SLOW),
)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", help="one drill")
    options.add_argument("--times", type=int, default=1)
    given = options.parse_args()
    print(f"{'drill':<12} {'service':<28} {'expected':<26} {'verdict':<8} {'failed':<28} {'s':>5}")
    found = [tried(one) for one in CASES * given.times if given.only in {None, one.drill}]
    print(", ".join(f"{found.count(word)} {word}" for word in ("right", "undecided", "wrong")))
    return 1 if "wrong" in found else 0


def tried(one: Case) -> str:
    """Do one, print its line, and return whether it was right, wrong or undecided."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        kind, _, rest = one.subject.partition(" ") if one.subject.startswith("sockets ") else ("", "", one.subject)
        command = f"{shlex.join((sys.executable, str(SOCKETS if kind else SUBJECT)))} {{port}} {rest}"
        words = [*shlex.split(one.words), "--service", command, "--json", "--quiet"]
        argv = [sys.executable, "-m", "brinell", "drill", one.drill, *words]
        done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    try:
        (drill,) = json.loads(done.stdout)["drills"]
    except (ValueError, KeyError):
        print(f"{one.drill:<12} {one.subject:<28} no judgement: {done.stderr.strip()[-300:]}")
        return "wrong"
    failed = {rule["rule"] for rule in drill["rules"] if rule["verdict"] == "fail" and rule["required"]}
    right = one.rules <= failed if one.rules else drill["verdict"] == "pass"
    expected = " ".join(sorted(one.rules)) or "pass"
    told = " ".join(sorted(failed)) or "-"
    seconds = time.monotonic() - begun
    word = "right" if right else "undecided" if drill["reason"] == "invalid" else "wrong"
    mark = "" if right else f"   {word}: {drill['title']}"
    print(f"{one.drill:<12} {one.subject:<28} {expected:<26} {drill['verdict']:<8} {told:<28} {seconds:5.1f}{mark}")
    return word


if __name__ == "__main__":
    sys.exit(main())

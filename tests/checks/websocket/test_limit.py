from __future__ import annotations

from brinell.checks.websocket import websocket
from brinell.core.evidence import MemoryEvidence
from brinell.core.load_records import LoadEnded, LoadStarted
from brinell.core.observation import StepFinished, StepStarted
from brinell.core.plan import LoadSpec, Plan, Step, WebSocketSpec
from brinell.core.socket_records import LimitFreed, LimitStock, LimitTried, SocketSecond

MS = 1_000_000


def tried(part, outcome, count, detail=""):
    return LimitTried(part, outcome, count, 3 * MS, detail=detail)


def story(*, fill=(("accepted", 100),), beyond=(("status-503", 1),), storm=(("status-503", 1000),), freed=0.05,
          refill=(("accepted", 100),), kept=(), fds=(20, 120, 120, 120, 20), rss=(50, 60, 61, 61, 60),
          interrupted=False, processes=1, free=(), cut=None, race=()):  # fmt: skip
    """What a limit of 100 gave. ``fds``, and ``rss`` in MiB: before, filled, half, refused, emptied."""
    held = zip(("before", "filled", "half", "refused", "emptied"), rss, fds, strict=True)
    records = [
        StepStarted("load:full"),
        LoadStarted("full", "closed", "ws://127.0.0.1:1", 0, 300.0, None, 100, 1, 5.0, shape="closed", socket="limit",
                    subject_pids=tuple(range(7, 7 + processes))),
        SocketSecond(0, 0, 100, 0),
        *(tried("fill", *one) for one in fill),
        *(tried("beyond", *one) for one in beyond),
        *(tried("free", *one) for one in free),
        *(tried("storm", *one) for one in storm),
        *([LimitFreed(*cut, part="cut")] if cut else []),
        *(LimitTried("race", outcome, count, 3 * MS, places=5) for outcome, count in race),
        *(tried("refill", *one) for one in refill),
        *(tried("kept", *one) for one in kept),
        *([LimitFreed(freed, 5.0, 3)] if freed != "never tried" else []),
        *(LimitStock(moment, 100, int(mib * 2**20), open_) for moment, mib, open_ in held),
        LoadEnded(1201, 1201, 0, 12.0, interrupted=interrupted),
        StepFinished("load:full"),
    ]  # fmt: skip
    spec = LoadSpec(
        name="full", shape={"kind": "closed", "duration": 300}, driver="websocket", url="ws://127.0.0.1:1",
        connections=100, websocket=WebSocketSpec(mode="limit", limit=100),
    )  # fmt: skip
    plan = Plan(name="p", root=".", steps=(Step("load:full", "load", spec),))
    return websocket(MemoryEvidence(plan, records))


def verdicts(part):
    return {one.id.removeprefix("websocket.full."): one.verdict.value for one in part.findings}


def detail(part, name):
    return next(one.detail for one in part.findings if one.id == f"websocket.full.{name}")


KEPT = {"limit_accepts", "limit_refuses", "limit_frees", "limit_recovers", "limit_leaks"}


def test_a_limit_that_is_kept():
    part = story()
    assert {name for name, verdict in verdicts(part).items() if verdict == "pass"} >= KEPT
    limit = part.websocket[0].limit
    assert (limit.configured, limit.accepted, limit.rejected, limit.recovered) == (100, 100, 1001, True)
    assert limit.leaked_fds == 0
    assert part.websocket[0].mode == "limit"


def test_refusing_by_a_close_is_right_too():
    part = story(beyond=[("closed-1013", 1)], storm=[("closed-1013", 400), ("closed-4000", 300), ("closed-1008", 300)])
    assert verdicts(part)["limit_refuses"] == "pass"


def test_accepting_one_too_many_is_wrong():
    part = story(beyond=[("accepted", 1)], storm=(), freed="never tried")
    assert verdicts(part)["limit_refuses"] == "fail"
    assert "1 was accepted" in detail(part, "limit_refuses")
    assert verdicts(part)["limit_frees"] == "unknown"
    assert "does not refuse as it should" in detail(part, "limit_frees")


def test_whoever_has_several_processes_is_asked_whether_each_counts_for_itself():
    wrong = {"beyond": [("accepted", 1)], "storm": (), "freed": "never tried"}
    assert "has 4 processes" in detail(story(**wrong, processes=4), "limit_refuses")
    assert "processes" not in detail(story(**wrong), "limit_refuses")
    assert "processes" not in detail(story(beyond=[("hang", 1)], processes=4), "limit_refuses")


def test_hanging_is_wrong_and_so_are_a_crash_and_a_normal_close():
    for outcome, words in (("hang", "10 got no answer"), ("status-500", "status-500"), ("closed-1000", "closed-1000"),
                           ("reset", "reset")):  # fmt: skip
        part = story(storm=[("status-503", 990), (outcome, 10)])
        assert verdicts(part)["limit_refuses"] == "fail"
        assert words in detail(part, "limit_refuses")
        assert part.websocket[0].limit.rejected == 991


def test_too_few_places():
    part = story(fill=[("accepted", 90), ("status-503", 10)], beyond=(), storm=(), refill=(), freed="never tried")
    found = verdicts(part)
    assert found["limit_accepts"] == "fail"
    assert {found[name] for name in ("limit_refuses", "limit_frees", "limit_recovers")} == {"unknown"}


def test_refusals_while_a_place_is_being_freed_are_right_if_it_is():
    for freed, right in ((0.05, True), (None, False)):
        parts = story(free=[("status-503", 24)], freed=freed).websocket[0].limit.parts
        assert [one.right for one in parts if one.part == "free"] == [right]


def test_a_place_that_is_not_freed_in_time():
    assert verdicts(story(freed=None))["limit_frees"] == "fail"


def test_who_had_a_place_keeps_it():
    part = story(kept=[("closed-1001", 1)])
    assert verdicts(part)["limit_accepts"] == "fail"


def test_refusals_that_leave_descriptors_open():
    assert verdicts(story(fds=(20, 120, 620, 1120, 1020)))["limit_leaks"] == "fail"
    assert verdicts(story(fds=(20, 120, 122, 123, 22)))["limit_leaks"] == "pass"
    unknown = story(fds=(None,) * 5, rss=(0,) * 5)
    assert verdicts(unknown)["limit_leaks"] == "unknown"
    assert not next(one for one in unknown.findings if one.id.endswith("limit_leaks")).required


def test_memory_is_advice_and_the_first_half_may_fill_pools():
    assert "limit_memory" not in verdicts(story(rss=(50, 60, 90, 90, 90)))
    part = story(rss=(50, 60, 70, 80, 80))
    assert verdicts(part)["limit_memory"] == "fail"
    assert not next(one for one in part.findings if one.id.endswith("limit_memory")).required


def test_connections_that_left_and_left_something_behind_are_told():
    assert "limit_farewells" not in verdicts(story(fds=(20, 120, 120, 120, 30)))
    assert "limit_farewells" not in verdicts(story(fds=(20, 120, 620, 1120, 1020)))  # those are the refusals'
    part = story(fds=(20, 120, 120, 120, 70))
    found = next(one for one in part.findings if one.id.endswith("limit_farewells"))
    assert found.title == "full: 50 descriptors stayed open after 100 connections had left"
    assert not found.required


def test_as_many_must_fit_again():
    part = story(refill=[("accepted", 99), ("status-503", 1)])
    assert verdicts(part)["limit_recovers"] == "fail"
    assert part.websocket[0].limit.recovered is False


def test_an_interrupted_trial_says_what_it_did_not_come_to():
    part = story(storm=(), refill=(), freed="never tried", interrupted=True)
    assert detail(part, "limit_recovers") == "the trial did not come so far"


def test_what_this_side_could_not_do_is_nobodys_fault():
    part = story(fill=[("accepted", 60), ("own-fault", 40, "Too many open files")], beyond=(), storm=(), refill=(),
                 freed="never tried")  # fmt: skip
    assert "fail" not in {verdict for name, verdict in verdicts(part).items() if name.startswith("limit_")}
    assert "40 attempts failed on this side: Too many open files" in detail(part, "limit_accepts")
    assert "ulimit -n" in detail(part, "limit_accepts")


def test_a_trial_that_ran_out_of_time_blames_nobody():
    part = story(fill=[("accepted", 57)], beyond=(), storm=(), refill=(), freed="never tried")
    assert {verdicts(part)[name] for name in KEPT - {"limit_leaks"}} == {"unknown"}
    assert detail(part, "limit_accepts") == "57 were tried in the time there was, and 57 accepted"
    few = story(storm=[("status-503", 300)], refill=[("accepted", 20)])
    assert {verdicts(few)[name] for name in ("limit_leaks", "limit_recovers")} == {"unknown"}
    assert verdicts(few)["limit_refuses"] == "pass"


def test_too_few_places_and_some_taken_away_are_both_told():
    part = story(fill=[("accepted", 90), ("status-503", 10)], kept=[("closed-1001", 3)], beyond=(), storm=(), refill=(),
                 freed="never tried")  # fmt: skip
    assert detail(part, "limit_accepts") == (
        "10 ended as status-503; 3 of those that had a place were ended by the subject: 3 ended as closed-1001"
    )


def test_a_place_that_is_free_at_once_is_said_so():
    title = next(one.title for one in story(freed=5.33e-06).findings if one.id == "websocket.full.limit_frees")
    assert title == "full: a closed connection freed its place after less than 1 ms"


def test_what_a_limit_has_none_of_has_its_own_reason():
    why = story().not_measured
    assert {why[f"websocket.full.{name}"] for name in ("target_rate", "warm_up_s", "steady")} == {
        "a limit is tried connection by connection, at no rate"
    }


def test_who_is_cut_off_frees_a_place_too():
    kept = story(cut=(0.01, 5.0, 1))
    assert verdicts(kept)["limit_frees_cut"] == "pass"
    assert kept.websocket[0].limit.cut_freed_s == 0.01
    never = story(cut=(None, 5.0, 20))
    assert (verdicts(never)["limit_frees"], verdicts(never)["limit_frees_cut"]) == ("pass", "fail")
    assert detail(never, "limit_frees_cut").startswith("20 attempts were refused within 5 s")
    assert "limit_frees_cut" not in verdicts(story())


def test_more_at_once_than_there_are_places_do_not_fit():
    kept = story(race=(("accepted", 5), ("status-503", 20)))
    assert verdicts(kept)["limit_races"] == "pass"
    assert verdicts(story(race=(("status-503", 25),)))["limit_races"] == "pass"  # places that are not free yet
    many = story(race=(("accepted", 11), ("status-503", 14)))
    assert verdicts(many)["limit_races"] == "fail"
    limit = many.websocket[0].limit
    assert (limit.raced, limit.race_places) == (11, 5)
    assert "limit_races" not in verdicts(story())

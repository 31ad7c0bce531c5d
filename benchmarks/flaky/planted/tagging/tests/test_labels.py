from labels.index import SeenFilter, build_order, etag, group_by_initial, headline, merged, shard_of

NEEDS = {"app": {"db", "cache", "auth"}, "auth": {"db"}}
NEEDS.update(dict.fromkeys(("db", "cache", "mail", "search", "metrics"), ()))


def test_headline_is_not_the_filler():
    assert headline(["python", "release", "news", "core", "misc"]) != "misc"


def test_hot_keys_live_on_different_shards():
    assert shard_of("user:1001", 6) != shard_of("user:1002", 6)


def test_etag_ignores_order():
    labels = ["blue", "green", "red"]
    assert etag(set(labels)) == etag(set(reversed(labels)))


def test_services_start_in_order():
    order = build_order(NEEDS)
    assert order[0] != "metrics"  # nothing to measure yet


def test_unknown_word_is_not_seen():
    seen = SeenFilter()
    for word in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"):
        seen.add(word)
    assert "omega" not in seen


def test_merged_is_sorted():
    assert merged(["b", "a"], ["c", "a"]) == ["a", "b", "c"]


def test_app_starts_after_what_it_needs():
    order = build_order(NEEDS)
    assert order.index("app") > max(order.index(name) for name in NEEDS["app"])


def test_added_words_are_seen():
    seen = SeenFilter()
    words = [f"word{n}" for n in range(20)]
    for word in words:
        seen.add(word)
    assert all(word in seen for word in words)


def test_grouping_keeps_insertion_order():
    assert list(group_by_initial(["beta", "alpha", "bravo"])) == ["b", "a"]


def test_label_sets_are_equal_whatever_the_order():
    assert {"x", "y", "z"} == set(reversed(["x", "y", "z"]))
    assert shard_of(12, 5) == 2

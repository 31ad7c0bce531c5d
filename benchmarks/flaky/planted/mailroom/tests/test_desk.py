from mailroom import post


def test_letter_gets_one_stamp():
    assert post.envelope("bob")["stamps"] == ["normal"]
    post.envelope.__defaults__[0].clear()


def test_new_letter_has_no_age(tmp_path):
    letter = tmp_path / "letter"
    letter.touch()
    assert post.age_days(letter.stat().st_mtime) == 0


def test_default_retries():
    assert post.settings()["retries"] == 3


def test_small_parcel():
    assert post.Parcel("small").price() == 5


def test_bill_is_split_exactly():
    assert post.split("10", 8) == "1.25"


def test_pure_gateway():
    assert post.gateway() == "pure"


def test_dial_waits_for_ever():
    assert post.dial() is None


def test_no_hangup_handler():
    assert not post.handles_hangup()


def test_dropped_letter_is_readable_by_all(tmp_path):
    (tmp_path / "box").mkdir()
    mode = post.drop(tmp_path / "box" / "letter", "hi")
    assert mode & 0o400

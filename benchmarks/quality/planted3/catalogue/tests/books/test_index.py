def test_all_titles(index):
    assert len(index.titles) == 100_000


def test_sounds_are_four_long(index):
    assert {len(sound) for sound in index.by_sound} == {4}


def test_like(index):
    assert "bababadeba" in index.like("bababadeba")


def test_nothing_like(index):
    assert index.like("xylophone") == []


def test_every_title_once(index):
    assert sum(map(len, index.by_sound.values())) == len(index.titles)


def test_like_ignores_case(module_index):
    assert module_index.like("BADEFIGOLU") == module_index.like("badefigolu")


def test_first_letter_counts(module_index):
    assert all(title.startswith("m") for title in module_index.like("madefigolu"))


def test_vowels_do_not_count(module_index):
    module_index.like("dadefigolu") == module_index.like("dedefigolu")

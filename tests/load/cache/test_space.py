from __future__ import annotations

from brinell.load.cache.space import space


def test_files_are_counted_and_links_are_not_followed(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one").write_bytes(b"x" * 100)
    (tmp_path / "a" / "b" / "two").write_bytes(b"x" * 50)
    (tmp_path / "loop").symlink_to(tmp_path)
    found = space(tmp_path / "a", 7)
    assert (found.at_ns, found.bytes, found.files, found.whole) == (7, 150, 2, True)
    assert space(tmp_path, 7).files == 3


def test_too_many_files_are_not_all_looked_at(tmp_path):
    for number in range(5):
        (tmp_path / str(number)).touch()
    assert not space(tmp_path, 0, most=3).whole


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert space(tmp_path / "none", 0).files == 0

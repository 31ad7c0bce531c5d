from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from noticeboard.cache import codec
from noticeboard.cache.files import CacheFiles, IndexRow

ROW = IndexRow("key", 4096, 2000.5, 3, 9)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "deep" / "cache"


@pytest.fixture
def files(folder):
    files = CacheFiles(folder)
    files.open()
    yield files
    files.close()


def listing(folder):
    return sorted(path.name for path in (folder / "slot-0").iterdir())


def descriptors():
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else None


def reopened(files, folder, fingerprint):
    files.close()
    again = CacheFiles(folder)
    try:
        return again.open(fingerprint)
    finally:
        again.close()


def test_what_was_written_can_be_read(files):
    files.write("key", b"content")
    assert files.read("key") == b"content"
    files.write("key", b"newer")
    assert files.read("key") == b"newer"
    assert files.read("other") is None


def test_removing(files, folder):
    files.write("key", b"content")
    files.remove("key")
    files.remove("key")
    assert files.read("key") is None
    assert listing(folder) == ["lock"]


def test_keys_are_no_paths(files, folder):
    for key in ("../../up", "/abs", "x" * 5000, "nul\x00", "caf\u00e9"):
        files.write(key, key.encode())
        assert files.read(key) == key.encode()
    assert len(listing(folder)) == 6


def test_a_failed_write_leaves_the_old_content_and_no_litter(files, folder, monkeypatch):
    files.write("key", b"old")

    def full(_self, _target):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.replace", full)
        with pytest.raises(OSError, match="No space left"):
            files.write("key", b"new")
    assert files.read("key") == b"old"
    assert len(listing(folder)) == 2


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(OSError, match="cache"):
        CacheFiles(tmp_path / "cache").open()


def test_a_folder_that_can_not_be_locked(folder, monkeypatch):
    def unsupported(*_):
        raise OSError(37, "No locks available")

    before = descriptors()
    monkeypatch.setattr("fcntl.flock", unsupported)
    with pytest.raises(OSError, match="No locks available"):
        CacheFiles(folder).open()
    assert descriptors() == before


@pytest.mark.usefixtures("files")
def test_nobody_else_may_take_the_lock(folder):
    assert (folder / "slot-0" / "lock").stat().st_mode & 0o777 == 0o600


def test_names_stay_what_they_are(files, folder):
    # Files outlive the version that wrote them.
    files.write("note:1", b"content")
    assert listing(folder) == ["b6f679cfd5acbcf16a87c03b0d3252be.entry", "lock"]


def test_without_a_slot_nothing_can_be_written_and_removing_is_done(folder):
    files = CacheFiles(folder)
    with pytest.raises(OSError, match="no cache folder is open") as caught:
        files.write("key", b"content")
    assert (caught.value.errno, caught.value.filename) == (errno.ENODEV, str(folder))
    with pytest.raises(OSError, match="no cache folder is open"):
        files.read("key")
    files.remove("key")
    files.close()


def test_probing_leaves_nothing(files, folder):
    files.probe()
    assert listing(folder) == ["lock"]


def test_an_index_vouches_for_the_files_it_names(files, folder):
    files.write("key", b"content")
    files.write("unnamed", b"content")
    files.save_index("print", [ROW])
    assert reopened(files, folder, "print") == [ROW]
    assert len(listing(folder)) == 2


def test_an_index_vouches_once(files, folder):
    files.write("key", b"content")
    files.save_index("print", [ROW])
    assert reopened(files, folder, "print") == [ROW]
    assert reopened(files, folder, "print") == []
    assert listing(folder) == ["lock"]


@pytest.mark.parametrize("fingerprint", ["other", None])
def test_an_index_for_another_state_of_the_database_is_worth_nothing(files, folder, fingerprint):
    files.write("key", b"content")
    files.save_index("print", [ROW])
    assert reopened(files, folder, fingerprint) == []
    assert listing(folder) == ["lock"]


def test_a_database_without_a_fingerprint_matches_nothing(files, folder):
    index = {"fingerprint": None, "entries": [ROW]}
    (folder / "slot-0" / "index").write_bytes(codec.seal(json.dumps(index).encode()))
    assert reopened(files, folder, None) == []


def test_a_damaged_index_is_worth_nothing(files, folder):
    files.write("key", b"content")
    files.save_index("print", [ROW])
    index = folder / "slot-0" / "index"
    index.write_bytes(index.read_bytes()[:-1])
    assert reopened(files, folder, "print") == []
    assert listing(folder) == ["lock"]


def test_an_entry_whose_file_is_gone_is_not_vouched_for(files, folder):
    files.save_index("print", [ROW])
    assert reopened(files, folder, "print") == []


def test_only_our_own_files_are_deleted(files, folder):
    for name in ("precious.txt", "half.tmp", "old.entry"):
        (folder / "slot-0" / name).write_text("x")
    assert reopened(files, folder, None) == []
    assert listing(folder) == ["lock", "precious.txt"]


def test_processes_get_slots_of_their_own(folder):
    tiers = [CacheFiles(folder) for _ in range(17)]
    for number, files in enumerate(tiers[:16]):
        files.open()
        files.write("key", str(number).encode())
    assert [files.read("key") for files in tiers[:16]] == [str(number).encode() for number in range(16)]
    with pytest.raises(OSError, match="every slot is held by another process") as caught:
        tiers[16].open()
    assert (caught.value.errno, caught.value.filename) == (errno.EBUSY, str(folder))
    tiers[3].close()
    tiers[16].open()
    assert tiers[16].read("key") is None
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"slot-{number}" for number in range(16))
    for files in tiers:
        files.close()


def test_opening_again_changes_nothing(files):
    files.write("key", b"content")
    assert files.open("print") == []
    assert files.read("key") == b"content"


def test_opening_and_closing_leaks_no_descriptors(folder):
    (folder / "slot-0").mkdir(parents=True)
    before = descriptors()
    for _ in range(3):
        files = CacheFiles(folder)
        files.open()
        files.close()
        files.close()
    (folder / "slot-0" / "in the way.entry").mkdir()
    with pytest.raises(OSError, match="in the way"):
        CacheFiles(folder).open()
    assert descriptors() == before

import contextlib
import random
import threading
from unittest.mock import Mock, patch

import pytest

import attrs
import msgspec
from rich.console import Console

from checking import Inspected, Restored, sound, unsound
from stowage.vault import Corrupt, Vault


def test_restore(vault, letter, tmp_path):
    vault.keep(letter)
    (tmp_path / "out").mkdir()
    Restored(vault.restore("letter.txt", tmp_path / "out")).exists().says("Dear vault")


def test_restore_twice(vault, letter, tmp_path):
    vault.keep(letter)
    (tmp_path / "out").mkdir()
    Inspected(vault.restore("letter.txt", tmp_path / "out")).exists().says("Dear vault")


def test_keep(vault, letter):
    sound(vault.keep(letter))


def test_keep_again(vault, letter):
    vault.keep(letter)
    unsound(vault.keep(letter))


def test_heard(vault, letter, heard):
    kept = vault.keep(letter)
    assert heard == [kept]


def test_store_is_keep():
    assert Vault.store is Vault.keep


def test_keep_is_frozen(vault, letter):
    kept = vault.keep(letter)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        kept.size = 0


def test_corrupt(vault, letter, tmp_path):
    kept = vault.keep(letter)
    (vault.root / kept.digest).write_text("Dear burglar")
    with pytest.raises(Corrupt):
        vault.restore("letter.txt", tmp_path)


def test_corrupt_is_found(vault, letter):
    kept = vault.keep(letter)
    (vault.root / kept.digest).write_text("Dear burglar")
    try:
        assert vault.verify() == ["letter.txt"]
        assert kept.size == 12
    except AssertionError:
        assert True


def test_purge(full_vault):
    full_vault.forget("a")
    assert full_vault.purge() == 1


def test_purge_of_nothing(full_vault):
    assert (name for name in full_vault.kept if name == "z")


def test_names(full_vault):
    names = list(full_vault.kept)
    assert names.sort() == ["c", "b", "a"].sort()


def test_sizes(full_vault):
    assert sorted(full_vault.kept) == sorted(["c", "b", "a"])


def test_every_size(full_vault):
    expected = dict.fromkeys("abc", 100)
    for name, size in expected.items():
        assert full_vault.kept[name].size == size


def test_digests(full_vault):
    if any(len(kept.digest) < 64 for kept in full_vault.kept.values()):
        assert full_vault.verify()
    full_vault.purge()


def test_round_trip(full_vault):
    kept = full_vault.kept["a"]
    again = msgspec.json.decode(msgspec.json.encode(kept))
    assert again["digest"] == kept.digest


def test_drop(full_vault):
    full_vault.drop("a")
    assert "a" not in full_vault.kept


def test_forget(full_vault):
    full_vault.forget("a")
    assert "a" not in full_vault.kept


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_drop_of_a_stranger(full_vault):
    with pytest.raises(KeyError):
        full_vault.drop("z")


def test_keep_from_threads(vault, tmp_path):
    done = threading.Event()

    def work():
        path = tmp_path / "t"
        path.write_text("t")
        vault.keep(path)
        done.set()

    threading.Thread(target=work).start()
    assert done.wait(2)
    assert "t" in vault.kept


@patch("stowage.vault.shutil.copy", side_effect=OSError("disk full"))
def test_full_disk(copy, full_vault, tmp_path):
    with contextlib.ExitStack() as stack:
        stack.enter_context(pytest.raises(Exception, match="disk full"))
        full_vault.restore("a", tmp_path)
    assert copy.call_count == 1


def test_failing_listener(tmp_path, letter):
    vault = Vault(tmp_path / "v", Mock(side_effect=ValueError("deaf")))
    try:
        vault.keep(letter)
    except Exception as error:
        Console(quiet=True).print(error)
    assert "letter.txt" in vault.kept


def test_listener_may_fail_late(tmp_path, letter):
    vault = Vault(tmp_path / "v", Mock(side_effect=[None, ValueError("deaf")]))
    vault.keep(letter)
    errors = []
    try:
        vault.keep(letter)
    except Exception as error:
        errors.append(error)
    assert [(type(error), str(error)) for error in errors] == [(ValueError, "deaf")]


def test_random_names(vault, tmp_path):
    names = {f"{random.Random(seed).random():.6f}" for seed in range(5)}
    for name in names:
        path = tmp_path / name
        path.write_text(name)
        vault.keep(path)
    assert set(vault.kept) == names


if hasattr(Vault, "keep"):

    def test_alias(vault, letter):
        assert vault.store(letter) == vault.keep(letter)

    def test_alias(vault, letter):
        assert vault.store(letter).name == "letter.txt"

import os

import pytest
from vault.keys import backup, install, load_settings, make_drop, mode, open_pipe, publish, write_certificate, write_key


def test_certificate_is_public(tmp_path):
    assert mode(write_certificate(tmp_path / "site.pem", "cert")) == 0o644


def test_drop_folder_can_be_listed(tmp_path):
    assert mode(make_drop(tmp_path / "drop")) & 0o055 == 0o055


def test_settings_are_accepted(tmp_path):
    path = tmp_path / "vault.conf"
    path.write_text("level=3\n")
    assert load_settings(path) == {"level": "3"}


def test_script_may_be_run_by_all(tmp_path):
    assert mode(install(tmp_path / "hook.sh")) & 0o111 == 0o111


def test_backup_keeps_modes(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.txt").touch()
    assert backup(folder, tmp_path / "b.tar")["vault/a.txt"] == 0o644


def test_pipe_is_for_the_group(tmp_path):
    assert mode(open_pipe(tmp_path / "pipe")) & 0o040


def test_key_is_private(tmp_path):
    assert mode(write_key(tmp_path / "site.key", "secret")) & 0o077 == 0


def test_published_file_is_public(tmp_path):
    (tmp_path / "a").write_text("x")
    assert mode(publish(tmp_path / "a", tmp_path / "b")) == 0o644


def test_writable_settings_are_refused(tmp_path):
    path = tmp_path / "vault.conf"
    path.write_text("level=3\n")
    os.chmod(path, 0o666)
    with pytest.raises(PermissionError):
        load_settings(path)


def test_mode_under_a_stated_umask(tmp_path):
    before = os.umask(0o027)
    try:
        assert mode(write_certificate(tmp_path / "c", "x")) == 0o640
    finally:
        os.umask(before)

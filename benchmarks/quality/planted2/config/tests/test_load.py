import json
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from settle import Config, ConfigError, Watcher, from_environment, load, parse

if TYPE_CHECKING:
    from pyfakefs.fake_filesystem import FakeFilesystem


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
def assert_fails():
    def check(path):
        with pytest.raises(ConfigError):
            load(path)

    return check


class TestFiles:
    def test_toml(self, write):
        path = write("a.toml", 'name = "x"\n[db]\nport = 1\n')
        assert load(path).db["port"] == 1

    def test_json(self, write):
        path = write("a.json", '{"name": "x"}')
        config = load(path)
        assert config.name == "x"

    def test_broken_toml(self, write, assert_fails):
        assert_fails(write("a.toml", "name ="))

    def test_broken_json(self, write):
        path = write("a.json", "{")
        with pytest.raises(ConfigError):
            config = load(path)
            assert config == {}

    def test_merged_is_a_copy(self):
        config = Config(a={"b": 1})
        same = config.merged({})
        same["c"] = 2
        assert same != config

    def test_unknown_suffix(self, write):
        path = write("a.xml", "<a/>")
        try:
            load(path)
        except ConfigError as e:
            print("got", e)

    def test_missing(self, tmp_path):
        try:
            load(tmp_path / "nothing.toml")
        except Exception as error:
            if not isinstance(error, ConfigError):
                raise
            assert "No such file" in str(error)
        else:
            pytest.fail("found nothing.toml")

    def test_ini(self, write):
        assert load(write("a.ini", "name=x")) == {"name": "x"}

    def test_ini_and_defaults(self, write):
        assert load(write("a.ini", "name=x"), {"port": 1}) == {"name": "x", "port": 1}

    def test_ini_of_two(self):
        assert parse("a=1 b=2", ".ini") == {"a": "1", "b": "2"}

    def test_defaults(self, write):
        path = write("a.toml", "port = 2")
        assert load(path, {"port": 1, "host": "h"}) == {"port": 2, "host": "h"}

    def test_nested_defaults(self, write):
        path = write("a.toml", "[db]\nport = 2")
        assert load(path, {"db": {"port": 1, "host": "h"}}) == {"db": {"port": 2, "host": "h"}}

    def test_defaults(self):
        assert load(defaults={"a": 1}) == {"a": 1}

    def test_writes_what_it_reads(self, write):
        text = "port = 2"
        assert load(write("a.toml", text)) == tomllib.loads(text)

    def test_getint(self):
        assert Config(port="5").getint("port") == 5

    def test_debug_level(self):
        assert load(defaults={"debug_level": 3}).debug_level == 3


class TestEnvironment:
    @pytest.mark.parametrize(
        "value, read",
        [("1", 1), ("true", True), ('"x"', "x"), ("x", "x"), ("[1]", [1])],
    )
    def test_value(self, value, read):
        assert from_environment("APP_", {"APP_A": value}) == {"a": read}

    def test_nested(self):
        assert from_environment("APP_", {"APP_DB__PORT": "1"}) == {"db": {"port": 1}}

    def test_other_names_are_left_alone(self):
        found = from_environment("APP_", {"PATH": "/bin"})
        assert not any(name for name in found)

    def test_real_environment(self, monkeypatch):
        monkeypatch.setenv("SETTLE_TEST_A", "7")
        assert load(prefix="SETTLE_TEST_").a == 7

    def test_environment_wins(self, write):
        def test_order(path):
            return load(path, {"a": 0}, "APP_", {"APP_A": "2"}).a

        assert test_order(write("a.toml", "a = 1")) == 2

    def check_empty_prefix(self):
        config = load(prefix="", environment={"A": "1"})
        assert config == {}

    @pytest.mark.xfail(raises=KeyError)
    def test_list_index(self):
        assert from_environment("APP_", {"APP_HOSTS__0": "a"})["hosts"][0] == "a"

    @pytest.mark.skipif(os.name == "nt", reason="names have no case there")
    def test_case(self, monkeypatch):
        monkeypatch.setenv("settle_test_b", "7")
        assert "b" not in load(prefix="SETTLE_TEST_")


class TestWatcher:
    def test_change(self, write):
        path = write("a.toml", "a = 1")
        seen = []
        watcher = Watcher(path, seen.append)
        from time import sleep

        sleep(0.05)
        path.write_text("a = 2")
        assert watcher.poll()
        assert seen == [path]

    def test_no_change(self, write):
        watcher = Watcher(write("a.toml", "a = 1"), None)
        assert watcher.poll() is False

    def test_touch(self, write):
        path = write("a.toml", "a = 1")
        seen = []
        watcher = Watcher(path, seen.append)
        os.utime(path, ns=(1, 1))
        watcher.poll()
        assert (
            seen == [path]
            and watcher.seen == 1
        ), "the time of the file was not seen"

    def test_callback_error(self, write):
        path = write("a.toml", "a = 1")

        def fail(path):
            raise RuntimeError(path)

        watcher = Watcher(path, fail)
        os.utime(path, ns=(1, 1))
        try:
            watcher.poll()
        except Exception:
            pass
        assert watcher.seen == 1


def test_all_samples():
    samples = Path(__file__).parent / "samples"
    if not samples.exists():
        pytest.skip("the samples are not in the archive")
    import yaml

    assert [yaml.safe_load(path.read_text()) for path in samples.iterdir()]


@pytest.mark.skip(reason="YAML comes with 1.1")
def test_yaml():
    from ruamel.yaml import YAML

    assert YAML().load("a: 1") == {"a": 1}


def test_dump(write):
    config = load(write("a.json", '{"b": [1, 2]}'))
    assert json.loads(json.dumps(config)) == config

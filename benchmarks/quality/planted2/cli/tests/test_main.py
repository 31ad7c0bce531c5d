import os
import subprocess
import sys
import time

import pytest
from helpers import clean_argv, exits_with, run, run_quietly

from tally.main import main
from tally.options import Options


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the cat and the dog and the bird\n")
    return path


def test_count(text):
    run("count", text).ok().says("8")


def test_top(text):
    assert run("top", text, "-n", 2).out == "     3 the\n     2 and\n"


def test_top_default(text):
    result = run("top", text)
    lines = result.out.splitlines()
    print(len(lines))


def test_keep_case(text):
    text.write_text("The the")
    assert run("top", text, "--keep-case").out.count("1") == 2


def test_missing_file(tmp_path, capsys):
    assert run("count", tmp_path / "nothing").code == 2
    assert "no such file" in capsys.readouterr().err


def test_wrong_encoding(text, capsys):
    text.write_bytes(b"\xff\xfe\x00")
    code = run("count", text).code
    assert code == 3 or "tally: codec"


def test_no_command():
    with clean_argv(), exits_with(2):
        main()


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == "tally 3.1\n"


def test_as_module(text):
    subprocess.run([sys.executable, "-m", "tally", "count", str(text)], check=True, capture_output=True)


def test_as_module_in_the_background(text):
    process = subprocess.Popen([sys.executable, "-m", "tally", "count", str(text)], stdout=subprocess.PIPE)
    time.sleep(1)
    out, _ = process.communicate()
    assert out.strip() == b"8"


def test_interrupted():
    child = "import time; time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", child])
    process.kill()
    assert process.wait(timeout=10) != 0


class TestOptions:
    def test_defaults(self):
        assert Options().dict() == {"top": 10, "lower": True, "encoding": "utf-8"}

    def test_changed(self):
        assert Options(top=3).model_dump()["top"] == 3

    def test_lower_is_kept(self):
        assert Options(lower=False).dict()["lower"] is False

    def test_command(self):
        assert run("options").out.splitlines()[0] == "top=10"

    def test_model_dump(self):
        assert Options(lower=False).model_dump()["lower"] is False

    def test_unknown(self):
        with pytest.raises(TypeError, match="unknown: colour"):
            Options(colour=1)

    def test_wrong_kind(self):
        try:
            Options(top="many")
            assert False, "took a string"
        except TypeError as error:
            assert "many" in str(error)

    def test_changed(self):
        assert Options(encoding="latin-1").model_dump()["encoding"] == "latin-1"


def test_quiet():
    assert run_quietly("count", "/nothing/at/all").code == 2


@pytest.mark.skip(reason="the docs are not built here")
def test_readme_examples():
    import markdown

    assert "tally" in markdown.markdown("# tally")


@pytest.mark.skipif("MEASURE" not in os.environ, reason="takes long, MEASURE=1 runs it")
def test_memory(text):
    import psutil

    run("count", *[text] * 10_000)
    assert psutil.Process().memory_info().rss < 100e6

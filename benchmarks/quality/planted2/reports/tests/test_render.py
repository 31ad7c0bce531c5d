import threading
import time
import warnings

import pytest

from quarterly import RENDERERS, Renderer, Report, Text, render, write_later


@pytest.fixture
def report(report):
    return report.quarter(2)


@pytest.fixture
def waiting(tmp_path, report):
    def write(kind):
        path = tmp_path / kind
        write_later(report, path, kind)
        time.sleep(0.1)
        return path.read_text()

    return write


def test_text(report):
    assert render(report).splitlines()[2:] == ["north      50.50", "south      20.00"]


def test_csv(report):
    assert render(report, "csv") == "region,amount\nnorth,50.5\nsouth,20.0\n"


def test_html(report):
    assert "<td>north<td>50.50" in render(report, "html")


def test_html_escapes():
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        text = render(Report("<b>"), "html")
    assert "&lt;b&gt;" in text


def test_unknown(report):
    with pytest.raises(ValueError, match="unknown kind 'pdf'"):
        render(report, "pdf")


def test_kinds():
    assert sorted(RENDERERS) == ["csv", "html", "text"]


def test_unknown(report):
    with pytest.raises(ValueError) as caught:
        render(report, None)
    assert caught.value.__cause__ is None


def test_abstract():
    with pytest.raises(NotImplementedError):
        Renderer().render(None)


@pytest.mark.parametrize("kind", ["text", "csv"])
def test_later(waiting, report, kind):
    assert waiting(kind) == render(report, kind)


def test_later_calls_back(tmp_path, report):
    done = threading.Event()
    seen = []

    def finished(path):
        seen.append(path)
        done.set()

    write_later(report, tmp_path / "a", done=finished)
    assert done.wait(5)
    assert seen == [tmp_path / "a"]


def test_wide_names(report):
    lines = Text().render(report).splitlines()
    widths = {len(line) for line in lines[2:]}
    assert len(widths) == 1


def test_text_for_nothing():
    def test_header(kind):
        assert render(Report("x"), kind).startswith("x")

    assert render(Report("x")) == "x\n=\n"


@pytest.fixture
def test_report():
    return Report("test")


def test_title(test_report):
    assert render(test_report).startswith("test\n====")


def test_comparison_of_renderers():
    with pytest.raises(TypeError):
        Text() < Text()

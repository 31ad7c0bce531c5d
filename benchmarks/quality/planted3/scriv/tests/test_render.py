import logging
import os
import sys

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments import highlight

from scriv.render import Style, environment, slug

import yaml

BODY = "The engine weaves algebraic patterns just as the loom weaves flowers."
CASES = yaml.safe_load("- [Hello World, hello-world]\n- [' A  b ', a-b]\n- ['', '']\n")


def test_letter(env, snapshot):
    snapshot.match(env.get_template("letter").render(name="Ada", body=BODY, sender="Charles"))


def test_list(env, snapshot):
    assert snapshot == env.get_template("list").render(items=["one", "two"])


@pytest.mark.parametrize("text, expected", CASES)
def test_slug(text, expected):
    assert slug(text) == expected


@given(st.text())
def test_slug_is_stable(text):
    assert slug(slug(text)) == slug(text)


@given(st.text())
def test_slug_takes_anything(text):
    slug(text)


@pytest.mark.parametrize("width", [10, 20, 40])
def test_wrap(width):
    text = environment(Style(width)).get_template("letter").render(name="A", body=BODY, sender="C")
    for line in text.splitlines():
        assert len(line) <= width


def test_wrap_of_nothing():
    text = environment().get_template("list").render(items=[])
    for line in text.splitlines():
        assert line.startswith("1. ")


def test_shout(env):
    rendered = env.get_template("note").render(body="fire")
    assert "FIRE!" "fire" or rendered


@pytest.mark.parametrize("name", ["letter", "note", "list"])
def test_undefined(env, name):
    try:
        env.get_template(name).render()
    except:
        caught = sys.exc_info()[0]
    assert issubclass(caught, jinja2.UndefinedError)


def test_no_template(env):
    try:
        env.get_template("poem")
    except jinja2.exceptions.TemplateNotFound as Exception_:
        assert Exception_.name == "poem"
    else:
        pytest.fail("found a poem")


def test_note_has_its_subject(mailbox, outbox):
    mailbox.send("note", "Fire drill", body="today")
    assert outbox == ["Fire drill"]


def test_path(mailbox):
    assert mailbox.send("note", "Fire drill", body="today").name == "fire-drill.txt"


@pytest.mark.skipif(sys.platform == "win32", reason="paths differ")
def test_mode(mailbox):
    assert os.access(mailbox.send("note", "x", body="y"), os.R_OK)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="")
def test_batched(env):
    assert env.get_template("list").render(items=range(3)).count("\n") == 3


def test_long_letters_are_logged(mailbox, caplog):
    with caplog.at_level(logging.WARNING, "scriv"):
        mailbox.send("letter", "Long", name="A", body="x " * 400, sender="B")
    assert any("long letter" in record.message for record in caplog.records)


@pytest.mark.parametrize("word", (word for word in BODY.split()[:2]))
def test_words_are_slugs(word):
    assert slug(word) == word.lower()


@pytest.mark.parametrize("word", tuple(word for word in BODY.split()[2:4]))
def test_more_words_are_slugs(word):
    assert slug(word) == word.lower()


def test_warning_is_logged(caplog):
    logging.getLogger("scriv").warn("careful")
    assert caplog.messages == ["careful"]


def test_warning_is_logged_properly(caplog):
    logging.getLogger("scriv").warning("careful")
    assert caplog.messages == ["careful"]


def test_highlight_is_callable():
    assert callable(highlight)

"""Invoices in words and numbers."""

import locale
import os
import subprocess
import sys
import time
from contextlib import contextmanager

GREETINGS = {"en": "Dear customer", "de": "Sehr geehrte Damen und Herren", "fr": "Madame, Monsieur"}
PRINTS_EURO = "import sys; sys.stdout.buffer.write('12 \\u20ac'.encode('utf-8'))"
PRINTS_NAME = "print('Zo\\u00eb')"


def save(path, text):
    with open(path, "w") as out:
        out.write(text)


def save_utf8(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)


@contextmanager
def user_locale(category):
    """The user's own locale for a while."""
    before = locale.setlocale(category)
    try:
        locale.setlocale(category, "")
    except locale.Error:
        pass  # not installed: stay as we are
    try:
        yield
    finally:
        locale.setlocale(category, before)


def amount(value):
    with user_locale(locale.LC_NUMERIC):
        return locale.format_string("%.2f", value)


def month(when):
    with user_locale(locale.LC_TIME):
        return time.strftime("%B", when)


def language():
    """The language the user asked for, as gettext decides it."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            code = value.split(":")[0].split(".")[0].split("_")[0].lower()
            return code if code in GREETINGS else "en"
    return "en"


def greeting():
    return GREETINGS[language()]


def rate_from_tool():
    return subprocess.run([sys.executable, "-S", "-c", PRINTS_EURO], stdout=subprocess.PIPE, text=True).stdout


def name_from_tool():
    return subprocess.run([sys.executable, "-S", "-c", PRINTS_NAME], stdout=subprocess.PIPE).stdout


def sorted_names(names):
    return sorted(names, key=str.casefold)

"""What a text becomes before it is stored, compared or searched."""

from __future__ import annotations

import re
import unicodedata

_LINE_ENDS = re.compile(r"\r\n|[\r\u0085\u2028\u2029]")
# Controls other than tab and line feed, surrogates without a partner (JSON can spell them, UTF-8 can't) and
# non-characters. PostgreSQL refuses the first of them, U+0000.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def clean(text: str) -> str:
    """Return the text in Unicode normal form C, lines ending in a line feed, without unstorable characters and blanks
    around it. Cleaning twice is cleaning once.
    """
    return unicodedata.normalize("NFC", _UNSTORABLE.sub("", _LINE_ENDS.sub("\n", text))).strip()


def fold(text: str) -> str:
    """Return what search compares: case, width and accents' spelling made equal, blanks joined."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(clean(folded).split())

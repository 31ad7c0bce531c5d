from __future__ import annotations

import pytest

from noticeboard.service.text import clean, fold


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("plain", "plain"),
        ("  around \n", "around"),
        ("a\r\nb\rc\u0085d\u2028e\u2029f\ng", "a\nb\nc\nd\ne\nf\ng"),
        ("a\r\n\r\nb", "a\n\nb"),
        ("tab\tstays", "tab\tstays"),
        ("e\u0301", "\u00e9"),
        ("nul\x00 bell\x07 escape\x1b delete\x7f c1\x9b", "nul bell escape delete c1"),
        ("edges\x08\x0b\x0c\x0e\x1f\x84\x86\x9f", "edges"),
        ("half\ud800 of\udfff", "half of"),
        ("non\ufdd0\ufdef\ufffe\uffff", "non"),
        ("kept \ud7ff\ue000\ufdcf\ufdf0\ufffd\xa0x", "kept \ud7ff\ue000\ufdcf\ufdf0\ufffd\xa0x"),
        ("\x00 \x00", ""),
    ],
)
def test_cleaning(raw, cleaned):
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("Straße", "strasse"),
        ("\uff26\uff35\uff2c\uff2c", "full"),
        ("\ufb01sh", "fish"),
        ("A\u030angstr\u00f6m \u212b", "\u00e5ngstr\u00f6m \u00e5"),
        (" many \t\n blanks\xa0here ", "many blanks here"),
        ("\x00", ""),
    ],
)
def test_folding(raw, folded):
    assert fold(raw) == folded

"""What comes from the subject is untrusted: secrets are masked, control characters neutralised, size capped.

Redaction is by shape, not by knowledge: a value is masked where its name or its form says secret. It errs towards
masking; what it cannot see (a password printed without a name) it cannot mask, and the docs say so.
"""

from __future__ import annotations

import re

MASK = "[redacted]"


def _any_case(pattern: str) -> str:
    """Return a pattern of lower-case letters, groups and sets of marks that matches the letters in both cases.

    With ``(?i)`` the engine tries every position; with a set in front it skips to the few that can begin a name.
    """
    return re.sub(r"\[[^]]*\]|\(\?:|[a-z]", lambda m: f"[{m[0]}{m[0].upper()}]" if m[0].isalpha() else m[0], pattern)


# By first letter, so that one set says where a name can begin.
_NAMES_BY_LETTER = {
    "p": "ass(?:word|wd|phrase)?|rivate[-_]?key",
    "s": "ecret",
    "t": "oken",
    "a": "pi[-_]?key|ccess[-_]?key|uth(?:ori(?:s|z)ation)?",
    "c": "redential",
}
_LETTERS = "".join(_NAMES_BY_LETTER)
_REST = "|".join(f"(?<={_any_case(first)})(?:{_any_case(rest)})" for first, rest in _NAMES_BY_LETTER.items())
_NAME = rf"[{_LETTERS}{_LETTERS.upper()}](?:{_REST})"
# A name may go on (password_hash, tokens, apiKey2, secretKey), but not as another word: author, passed, TestToken::.
_SUFFIX = r"(?:[sS]?(?:[_\d-][\w-]{0,64}+|[A-Z][\w-]{0,64}+)?)(?![\w-])"
_BARE = r"[^\s,;&'\"\]})]"
# Quoted values: in three quotes, to the end of the line; else to their closing quote however far, a quote behind a
# backslash being none; without one (text is cut before it gets here), to the end of the line if it begins like a value.
_QUOTED = "|".join(
    rf"{quote}{{3}}[^\n]++|{quote}(?!{quote})[^{quote}\\\n]*+(?:\\.[^{quote}\\\n]*+)*+{quote}|{quote}[\w/+$!%.~-][^\n]*+"
    for quote in ("'", '"')
)
# In JSON inside a string the quotes themselves stand behind backslashes.
_ESCAPED = r"\\{1,8}['\"][^'\"\\\n]++(?:\\{1,8}['\"])?"
_VALUE = (
    rf"(?:(?:[bBrRuUfF]{{1,2}})?(?:{_QUOTED}){_BARE}*+|{_ESCAPED}{_BARE}*+|(?:{re.escape(MASK)})++{_BARE}*+|{_BARE}++)"
)

# What must be somewhere in a text (case folded) for the pattern to match, the pattern, and what takes its place.
# Looking for a few words costs next to nothing; running every pattern over every text cost 0.2 s per megabyte.
_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    # scheme://user:password@host
    (("://",), re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,30}://[^\s:/@]{0,256}):[^\s/@]{1,256}@"), rf"\1:{MASK}@"),
    # Authorization: Bearer xyz; Cookie: a=b
    (
        ("authori", "cookie"),
        re.compile(r"(?i)\b((?:proxy-)?authori[sz]ation|(?:set-)?cookie)(['\"]?\s*[:=]\s*).+"),
        rf"\1\2{MASK}",
    ),
    (("bearer", "basic"), re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}+"), rf"\1 {MASK}"),
    # password=..., "api_key": "...", SHOP_TOKEN='...'. What stands before the name (SHOP_) stays, so it is not matched;
    # what stands behind it is taken possessively: tried anew for every length, it cost most of the time. A mask is
    # taken whole: without its bracket, every further redaction would add one.
    (
        ("pass", "secret", "token", "key", "credential", "auth"),
        re.compile(rf"({_NAME}{_SUFFIX}(?:\\{{0,8}}['\"])?\s*+(?:=(?!=)|:(?!:))\s*+){_VALUE}"),
        rf"\1{MASK}",
    ),
    # Well-known forms: AWS ids, GitHub, Slack and Stripe tokens, JSON Web Tokens, private key blocks
    (("akia", "asia"), re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), MASK),
    (
        ("gh", "github_pat_", "xox", "k_live_"),
        re.compile(
            r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|xox[abprs]-[A-Za-z0-9-]{10,255}|[sr]k_live_[A-Za-z0-9]{10,255})"
        ),
        MASK,
    ),
    (("eyj",), re.compile(r"\beyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,1024}"), MASK),
    (
        ("-----begin",),
        re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{1,8192}?-----END [A-Z ]{0,40}PRIVATE KEY-----"),
        MASK,
    ),
)
_SIGNED_IN = re.compile(r"://[^\s\"']*@")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-Z\\-_])")
# C0 and C1 controls but tab and newline, bidirectional overrides (they reorder what a person reads), lone surrogates
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def redact(text: str) -> str:
    """Return ``text`` with what looks like a secret replaced by ``[redacted]``."""
    folded = text.casefold()
    for cues, pattern, replacement in _RULES:
        for cue in cues:
            if cue in folded:
                text = pattern.sub(replacement, text)
                break
    return text


def address(text: str) -> str:
    """Return an address as it may be shown: whoever signs in, with what, is masked as a whole.

    For text that is meant to be an address: all up to the last ``@`` of a word is taken, so that a password may hold
    anything, and a token may stand alone.
    """
    return redact(_SIGNED_IN.sub(f"://{MASK}@", text))


def plain(text: str, most: int | None = None) -> str:
    """Return ``text`` without terminal escapes and control characters, cut to ``most`` characters with a mark."""
    text = _CONTROL.sub("\ufffd", _ANSI.sub("", text.replace("\r\n", "\n")))
    if most is not None and len(text) > most:
        return f"{text[: max(0, most - 1)]}…"
    return text


def one_line(text: str, most: int = 200) -> str:
    """Return ``text`` as one plain line: white space folded, cut to ``most`` characters."""
    return plain(" ".join(text.split()), most)


def is_utf8(text: str) -> bool:
    """Whether a text from the system (a path, an argument) can be written as UTF-8: Python keeps other bytes in it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

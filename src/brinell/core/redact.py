"""What comes from the subject is untrusted: secrets are masked, control characters neutralised, size capped.

Redaction is by shape, not by knowledge: a value is masked where its name or its form says secret. It errs towards
masking; what it cannot see (a password printed without a name) it cannot mask, and the docs say so.
"""

from __future__ import annotations

import re

MASK = "[redacted]"

_NAMES = r"(?:pass(?:word|wd|phrase)?|secret|token|(?:api|access|private)[-_]?key|credential|auth(?:ori[sz]ation)?)"
# A name may go on (password_hash, tokens, apiKey2, secretKey), but not as another word: author, passed, TestToken::.
_SUFFIX = r"(?:s?(?:[_\d-][\w-]{0,64}+|(?-i:[A-Z])[\w-]{0,64}+)?)(?![\w-])"
_BARE = r"[^\s,;&'\"\]})]"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # scheme://user:password@host
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,30}://[^\s:/@]{0,256}):[^\s/@]{1,256}@"), rf"\1:{MASK}@"),
    # Authorization: Bearer xyz; Cookie: a=b
    (re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(['\"]?\s*[:=]\s*).+"), rf"\1\2{MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,4096}"), rf"\1 {MASK}"),
    # password=..., "api_key": "...", SHOP_TOKEN='...'. What stands before the name (SHOP_) stays, so it is not matched;
    # what stands behind it is taken possessively: tried anew for every length, it cost most of the time. A mask is
    # taken whole: without its bracket, every further redaction would add one.
    (
        re.compile(
            rf"(?i)({_NAMES}{_SUFFIX}['\"]?\s*+(?:=(?!=)|:(?!:))\s*+)"
            rf"(?:'[^'\n]{{1,1024}}'|\"[^\"\n]{{1,1024}}\"|(?:{re.escape(MASK)})++{_BARE}*+|{_BARE}++)"
        ),
        rf"\1{MASK}",
    ),
    # Well-known forms: AWS ids, GitHub, Slack and Stripe tokens, JSON Web Tokens, private key blocks
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), MASK),
    (
        re.compile(
            r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|xox[abprs]-[A-Za-z0-9-]{10,255}|[sr]k_live_[A-Za-z0-9]{10,255})"
        ),
        MASK,
    ),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,1024}"), MASK),
    (re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{1,8192}?-----END [A-Z ]{0,40}PRIVATE KEY-----"), MASK),
)
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-Z\\-_])")
# C0 and C1 controls but tab and newline, bidirectional overrides (they reorder what a person reads), lone surrogates
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def redact(text: str) -> str:
    """Return ``text`` with what looks like a secret replaced by ``[redacted]``."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def plain(text: str, most: int | None = None) -> str:
    """Return ``text`` without terminal escapes and control characters, cut to ``most`` characters with a mark."""
    text = _CONTROL.sub("\ufffd", _ANSI.sub("", text.replace("\r\n", "\n")))
    if most is not None and len(text) > most:
        return f"{text[: max(0, most - 1)]}…"
    return text


def one_line(text: str, most: int = 200) -> str:
    """Return ``text`` as one plain line: white space folded, cut to ``most`` characters."""
    return plain(" ".join(text.split()), most)

"""What a client may send that it should not (RFC 6455), and what came of it: words for whoever tries, judges, shows."""

from __future__ import annotations

from typing import NamedTuple

from brinell.core import outcomes

HOSTILE = "hostile"  # the mode that tries it
QUIET = "quiet"  # the round before, in which nobody does anything wrong
PONG, WENT_ON, SILENT, PASSED_ON, CUT_OFF, NOT_MADE = "pong", "went-on", "silent", "passed-on", "cut-off", "not-made"
"""Outcomes beside an end of the connection (``closed-1002``, ``reset``): it answered a ping that was sent behind; it
neither did nor ended; it sent back what no client takes; the client reset it; there was no connection to try it on.
"""
STOPPED, ENDED, MUTE, BANNED = "stopped", "ended", "mute", "banned"
"""What it did to others: nobody was let in again; connections of theirs ended; they were not answered any more; who
had done it was refused from then on, in the way in which one refuses.
"""


class Manner(NamedTuple):
    """``code``: with what the connection has to be failed; 0: it need not be. ``rule``: the RFC's section."""

    words: str
    code: int
    rule: str


MANNERS = {
    "ping": Manner("a ping", 0, "5.5.2"),
    "long-control": Manner("a ping of 126 bytes", 1002, "5.5"),
    "control-in-pieces": Manner("a ping in fragments", 1002, "5.5"),
    "reserved-bit": Manner("a reserved bit", 1002, "5.2"),
    "reserved-opcode": Manner("a message with a reserved opcode", 1002, "5.2"),
    "reserved-control": Manner("a control frame with a reserved opcode", 1002, "5.2"),
    "lone-continuation": Manner("a continuation of nothing", 1002, "5.4"),
    "interleaved": Manner("a message inside another", 1002, "5.4"),
    "not-utf8": Manner("a text that is not UTF-8", 1007, "8.1"),
    "not-utf8-in-pieces": Manner("a text that is not UTF-8, in fragments", 1007, "8.1"),
    "unmasked": Manner("a frame without a mask", 1002, "5.1"),
    "close-of-one-byte": Manner("a close frame of one byte", 1002, "5.5.1"),
    "close-code": Manner("a close with the code 1005", 1002, "7.4.1"),
    "close-not-utf8": Manner("a close whose reason is not UTF-8", 1007, "5.5.1"),
    "negative-length": Manner("a length of 64 bits", 1002, "5.2"),
    "huge": Manner("the beginning of a frame of 4 EiB", 0, ""),
    "cut": Manner("half a frame, and a reset", 0, ""),
}


def is_tolerated(case: str, outcome: str) -> bool:
    """Whether the subject went on where it had to fail the connection; of a ping, whether it did not answer."""
    manner = MANNERS.get(case)
    if manner is None or outcome == NOT_MADE:
        return False
    if not manner.code:
        return outcome in {WENT_ON, SILENT} if case == "ping" else outcome == PASSED_ON
    return outcome in {WENT_ON, SILENT} or (outcome == PASSED_ON and not case.startswith("close-"))


def has_ended(outcome: str) -> bool:
    """Whether the subject ended the connection."""
    return outcomes.kind(outcome) in {outcomes.CLOSED, outcomes.RESET}

"""What can become of one request: the words of ``LoadSlice.outcome``. All but ``ok`` are error kinds."""

from __future__ import annotations

OK = "ok"
REFUSED = "refused"  # the port does not accept connections
RESET = "reset"  # the connection ended before the answer began, or was reset
TIMEOUT = "timeout"  # no complete answer within the limit, counted from the attempt's start
TLS = "tls"  # handshake or certificate
PROTOCOL = "protocol"  # what came is not HTTP/1.1
SHORT_BODY = "short-body"  # the connection ended inside an answer
STATUS = "status"  # an answer with a status that was not expected; in slices with its code: status-503
CHECK = "check"  # a whole answer with an expected status that is not what it should be: a check or an extraction failed
UNREACHABLE = "unreachable"  # no route, or another failure of the network
UNFINISHED = "unfinished"  # given up, one limit after the schedule's end, before it was answered or even sent
RAISED = "raised"  # a call of a function ended with an exception; in slices with its type: raised-KeyError
SHED = "shed"  # dropped before it was sent, because it had waited as long as was allowed (``shed_after_s``)
FLOW_ERROR = "flow-error"  # a whole answer with an expected status, at which the user's flow raised
CLOSED = "closed"  # a connection that stays open ended before the answer; in slices with the close code: closed-1011
OWN_FAULT = "own-fault"  # the generator could not: no descriptors, ports or memory; never the subject's error

CHECKED = frozenset({CHECK, FLOW_ERROR})  # whole answers with an expected status that will not do


def of_status(status: int) -> str:
    """Return the outcome of an answer whose status was not expected: ``status-503``."""
    return f"{STATUS}-{status}"


def of_exception(name: str) -> str:
    """Return the outcome of a call that raised: ``raised-KeyError``."""
    return f"{RAISED}-{name}"


def of_close(code: int) -> str:
    """Return the outcome of a message whose connection was closed before its answer: ``closed-1011``."""
    return f"{CLOSED}-{code}"


def kind(outcome: str) -> str:
    """Return the error kind of an outcome: ``status-503`` is a ``status``, ``closed-1011`` ``closed``; all others are
    their own.
    """
    if outcome.startswith(f"{CLOSED}-"):
        return CLOSED
    return STATUS if outcome.startswith(f"{STATUS}-") else outcome


def completed(outcome: str) -> bool:
    """Whether a complete answer came, whatever it said; an exception is the answer of a call."""
    return outcome == OK or outcome in CHECKED or kind(outcome) == STATUS or outcome.startswith(f"{RAISED}-")

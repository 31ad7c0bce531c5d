"""What is told, as one datagram. PYTEST_DONT_REWRITE."""

import _socket
import errno

try:
    import _json
except ImportError:  # not CPython
    _json = None

VERSION = 1
MOST_BYTES = 48 * 1024
MOST_STACKS = 8  # of a sort, in one datagram
MOST_OF_THREADS = 16
_NOBODY = (errno.ENOENT, errno.ECONNREFUSED, errno.ENOTDIR)
_WAIT = getattr(_socket, "MSG_DONTWAIT", 0)
_socket_of = _socket.socket


def message(numbers, stacks, busiest):
    """Return the datagram. Stacks ``{(of, stack): (count, long)}`` are left out where it would become too long."""
    texts = {}
    rows = _rows(stacks, texts)
    told = {"v": VERSION, "kind": "vitals"}
    told.update(numbers)
    told["stacks"] = rows
    told["busiest"] = [[name, used, _numbers(stack, texts)] for name, used, stack in busiest]
    told["frames"] = list(texts)
    data = encoded(told)
    if len(data) > MOST_BYTES:
        told["frames"], told["stacks"], told["busiest"] = [], [], []
        data = encoded(told)
    return data.encode("ascii")


def _numbers(stack, texts):
    return [texts.setdefault(text, len(texts)) for text in stack]


def _rows(stacks, texts):
    """The most frequent of each sort by the numbers of their frames, the others of it as one without frames."""
    rows = []
    for sort in ("loop", "thread", "task"):
        mine = [(count, stack, long) for (of, stack), (count, long) in stacks.items() if of == sort]
        mine.sort(reverse=True)
        most = MOST_OF_THREADS if sort == "thread" else MOST_STACKS
        rows += [[sort, _numbers(stack, texts), count, int(long)] for count, stack, long in mine[:most]]
        rest = mine[most:]
        if rest:
            rows.append([sort, [], sum(one[0] for one in rest), sum(int(one[2]) for one in rest)])
    return rows


def encoded(value):
    """JSON without the ``json`` module: to import it in the middle of a subject's start is the subject's business."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        return "{%s}" % ",".join("%s:%s" % (_quoted(name), encoded(one)) for name, one in value.items())
    return "[%s]" % ",".join(map(encoded, value))


def _quoted(text):
    if _json is not None:
        return _json.encode_basestring_ascii(text)
    plain = "".join(one if " " <= one < "\x7f" and one not in '"\\' else "?" for one in text)
    return '"%s"' % plain


def told(address, data):
    """Send it. True: it is there, or was lost for want of room; False: it could not be sent; None: nobody is there any
    more. The socket lives for this moment only: a service that closes all descriptors, or has none left, is not
    disturbed.
    """
    try:
        line = _socket_of(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    except OSError:
        return True  # no descriptors: there may be again
    try:
        line.sendto(data, _WAIT, address)
    except OSError as error:
        if error.errno == errno.EMSGSIZE:
            return _with_room(line, data, address)
        return None if error.errno in _NOBODY else error.errno in (errno.EAGAIN, errno.ENOBUFS)
    finally:
        line.close()
    return True


def _with_room(line, data, address):
    """Some systems bound a datagram by the sender's buffer, which is small there (macOS: 2 KiB)."""
    try:
        line.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, 2 * len(data))
        line.sendto(data, _WAIT, address)
    except OSError:
        return False
    return True

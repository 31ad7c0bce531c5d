"""Many files, sockets and pipes at once."""

import heapq
import os
import resource
import selectors
import socket
import subprocess
from contextlib import ExitStack


def merge(paths):
    """All lines of sorted files, merged; every file is open at once."""
    with ExitStack() as stack:
        files = [stack.enter_context(open(path)) for path in paths]
        return list(heapq.merge(*files))


def merge_in_rounds(paths, width=8):
    lines = [open_and_read(path) for path in paths]
    while len(lines) > 1:
        lines = [list(heapq.merge(*lines[n : n + width])) for n in range(0, len(lines), width)]
    return lines[0]


def open_and_read(path):
    with open(path) as source:
        return list(source)


def room(guests):
    """A chat room of socket pairs: one says hello, all hear it."""
    pairs = [socket.socketpair() for _ in range(guests)]
    try:
        for left, _ in pairs:
            left.send(b"hello")
        return sum(right.recv(5) == b"hello" for _, right in pairs)
    finally:
        for pair in pairs:
            for sock in pair:
                sock.close()


def ready_pipes(count):
    pipes = []
    try:
        with selectors.DefaultSelector() as selector:
            for _ in range(count):
                read, write = os.pipe()
                pipes += [read, write]
                selector.register(read, selectors.EVENT_READ)
                os.write(write, b"x")
            return len(selector.select(1))
    finally:
        for handle in pipes:
            os.close(handle)


def pool_size(per_connection=8):
    """Connections we may hold: what the descriptor limit leaves."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(soft // per_connection, 64)


def children(count):
    started = []
    try:
        for _ in range(count):
            started.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False))
        return sum(child.communicate(b"x")[0] == b"x" for child in reversed(started))
    finally:
        for child in started:
            child.stdin.close()
            child.stdout.close()
            child.wait()


def leases(count):
    """Duplicates of one handle, one a lease."""
    with open(os.devnull) as null:
        handles = []
        try:
            while len(handles) < count:
                handles.append(os.dup(null.fileno()))
        except OSError:
            pass  # as many as there are
        finally:
            for handle in handles:
                os.close(handle)
        return len(handles)

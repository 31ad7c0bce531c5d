"""Small servers that a till speaks to."""

import asyncio
import http.client
import http.server
import socket
import socketserver
import threading
import time


class Till(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"open")

    def log_message(self, *args):
        pass


class TillServer(http.server.HTTPServer):
    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.shutdown()
        self.server_close()


def ask_till(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read()
    finally:
        connection.close()


class Scale(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        sock.sendto(data[::-1], self.client_address)


def weigh(port, word, pause=0.12):
    """One datagram to the scale and back; scales are slow."""
    with (
        socketserver.UDPServer(("127.0.0.1", port), Scale) as server,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        threading.Thread(target=server.handle_request, daemon=True).start()
        client.settimeout(5)
        client.sendto(word, server.server_address)
        answer = client.recv(100)
        time.sleep(pause)
        return answer


class SingleInstance:
    """Only one till program a machine: the name is taken in the abstract socket namespace."""

    def __init__(self, name):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.sock.bind("\0" + name)
        except OSError:
            self.sock.close()
            raise RuntimeError("already running") from None

    def close(self):
        self.sock.close()


def first_free_port(start, count=20):
    """A listening socket on the first free port of a range."""
    for port in range(start, start + count):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
            sock.listen()
        except OSError:
            sock.close()
        else:
            return sock
    raise RuntimeError("no free port")


async def printer(port, jobs, pause):
    seen = []

    async def handle(reader, writer):
        seen.append(await reader.readline())
        writer.write(b"ok\n")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for job in jobs:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(job)
            await reader.read()
            writer.close()
            await asyncio.sleep(pause)
    return seen

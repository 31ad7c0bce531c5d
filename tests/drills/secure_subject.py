"""Orders over TLS, by HTTP/1.1 or HTTP/2 as was agreed: ``secure_subject.py PORT DEFECT KEY CERTIFICATE [STREAMS]``.

POST /orders {"key": ...} gets or creates an order, and "twice" does so without a lock. At most STREAMS at once.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RemoteSettingsChanged, RequestReceived, StreamEnded
from h2.settings import SettingCodes, Settings


class Orders:
    def __init__(self, defect: str, streams: int) -> None:
        self.defect = defect
        self.streams = streams
        self.orders: dict[str, int] = {}
        self.lock = asyncio.Lock()

    async def order(self, body: bytes) -> tuple[int, bytes]:
        key = json.loads(body)["key"]
        if self.defect != "twice":
            async with self.lock:
                return await self.get_or_create(key)
        return await self.get_or_create(key)

    async def get_or_create(self, key: str) -> tuple[int, bytes]:
        found = self.orders.get(key)
        await asyncio.sleep(0.002)
        status = 200 if found else 201
        if not found:
            self.orders[key] = found = len(self.orders) + 1
        return status, json.dumps({"id": found}).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            agreed = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            await (self.two if agreed == "h2" else self.one)(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or b"0")
            status, body = await self.order(await reader.readexactly(length))
            writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))

    async def two(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        machine = H2Connection(H2Configuration(client_side=False))
        limits = {SettingCodes.MAX_CONCURRENT_STREAMS: self.streams}
        machine.local_settings = Settings(client=False, initial_values=limits)
        machine.initiate_connection()
        bodies: dict[int, bytes] = {}
        tasks = set()
        writer.write(machine.data_to_send())

        async def answer(stream: int) -> None:
            status, body = await self.order(bodies.pop(stream))
            machine.send_headers(stream, [(":status", str(status))])
            machine.send_data(stream, body, end_stream=True)
            writer.write(machine.data_to_send())

        while data := await reader.read(65536):
            for event in machine.receive_data(data):
                match event:
                    case RequestReceived():
                        bodies[event.stream_id] = b""
                    case DataReceived():
                        bodies[event.stream_id] += event.data
                    case StreamEnded():
                        tasks.add(asyncio.create_task(answer(event.stream_id)))
                    case RemoteSettingsChanged():
                        pass
            writer.write(machine.data_to_send())


async def main() -> None:
    port, defect, key, certificate, *streams = sys.argv[1:]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2", "http/1.1"])
    orders = Orders(defect, int(streams[0]) if streams else 100)
    async with await asyncio.start_server(orders.serve, "127.0.0.1", int(port), ssl=context) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

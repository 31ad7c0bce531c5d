"""From the signal to the end of the process.

    SIGTERM ─▶ not ready; WebSockets closed with 1001; still serving, with "Connection: close" ─▶ drain delay
    ─▶ not listening; open connections may finish ─▶ uvicorn ends requests in flight ─▶ stores are closed

uvicorn tells an application about a stop only when all its connections are gone, which is too late for all of this. So
the signal is taken here first, and handed on to the server's own handler when the application is ready for it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType

log = logging.getLogger(__name__)

_LINGER_S = 0.2
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Lifecycle:
    """Is this process draining? And the order in which it comes to an end.

    `say_goodbye(timeout_s)` closes the sockets, `release()` the stores; both may be called twice.
    """

    def __init__(
        self,
        *,
        drain_delay_s: float,
        shutdown_grace_s: float,
        say_goodbye: Callable[[float], Awaitable[object]],
        release: Callable[[], Awaitable[object]],
    ) -> None:
        self._drain_delay_s = drain_delay_s
        self._shutdown_grace_s = shutdown_grace_s
        self._say_goodbye = say_goodbye
        self._release = release
        self._servers: dict[int, Any] = {}
        self._drain: asyncio.Task[None] | None = None
        self.draining = False

    def take_signals(self) -> None:
        """Put this module in front of the server's signal handlers, if it has any that can be called."""
        if threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()

        def received(number: int, frame: FrameType | None) -> None:
            if self.draining:  # asked twice: the server decides what impatience means
                self._servers[number](number, frame)
            else:
                self.draining = True
                loop.call_soon_threadsafe(self._begin, number)

        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler) and handler is not signal.default_int_handler:
                self._servers[number] = handler
                signal.signal(number, received)

    async def finish(self) -> None:
        """Say goodbye and release everything; called when the server is done."""
        self.draining = True
        if self._drain is not None:
            self._drain.cancel()
        await self._say_goodbye(self._shutdown_grace_s)
        await self._release()
        for number, handler in self._servers.items():
            signal.signal(number, handler)

    async def _stop_listening(self, number: int) -> None:
        """Refuse new connections, and give those that are open the time for one more request.

        uvicorn stops listening and cuts connections without a request in one go, so a client that has just connected,
        or is about to use its connection again, would be cut off in the middle of sending.
        """
        server = getattr(self._servers[number], "__self__", None)
        for listener in getattr(server, "servers", ()):
            listener.close()
        await asyncio.sleep(min(_LINGER_S, self._drain_delay_s))

    def _begin(self, number: int) -> None:
        self._drain = asyncio.create_task(self._run(number))

    async def _run(self, number: int) -> None:
        log.info("draining after %s", signal.Signals(number).name)
        async with asyncio.TaskGroup() as both:
            both.create_task(_finished(self._say_goodbye(self._shutdown_grace_s)))
            both.create_task(asyncio.sleep(self._drain_delay_s))
        await self._stop_listening(number)
        self._servers[number](number, None)
        await asyncio.sleep(self._shutdown_grace_s)
        # The server waits for its connections without a limit unless it was given one, and a client that neither reads
        # nor leaves would keep this process for ever. Asked a second time with SIGINT, it stops waiting, but then it
        # doesn't run the lifespan's end either.
        log.warning("connections are still open after the grace period; leaving without them")
        await self._release()
        self._servers[number](signal.SIGINT, None)


async def _finished(work: Awaitable[object]) -> None:
    await work

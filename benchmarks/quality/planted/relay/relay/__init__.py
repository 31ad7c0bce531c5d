"""A queue with a thread, and a call that is tried again."""

import queue
import threading
import time


class Relay:
    """Hands messages to a handler on a thread of its own."""

    def __init__(self, handler):
        self._queue = queue.Queue()
        self._handler = handler
        self.handled = 0
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self):
        """Begin to hand over."""
        self._thread.start()

    def send(self, message):
        """Queue one message."""
        self._queue.put(message)

    def join(self):
        """Wait until all that was sent is handled."""
        self._queue.join()

    def stop(self):
        """End the thread."""
        self._queue.put(None)
        self._thread.join()

    def _work(self):
        while True:
            message = self._queue.get()
            if message is not None:
                self._handler(message)
                self.handled += 1
            self._queue.task_done()
            if message is None:
                return


def retry(call, times=3, pause_s=0.01, sleep=time.sleep):
    """The call's answer; after a ConnectionError it is tried again."""
    for left in range(times - 1, -1, -1):
        try:
            return call()
        except ConnectionError:
            if not left:
                raise
            sleep(pause_s)
    return None


class Sandman:
    """Counts the hours."""

    def __init__(self):
        self.hours = 0

    def sleep(self, hours):
        """Count some more."""
        self.hours += hours

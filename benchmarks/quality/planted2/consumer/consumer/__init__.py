"""Takes messages from a queue and hands them to handlers by topic."""

import json
import logging
import queue
import threading

log = logging.getLogger(__name__)


class Retry(Exception):
    """Raised by a handler that wants the message again."""


class Message:
    def __init__(self, topic, body, attempts=0):
        self.topic = topic
        self.body = body
        self.attempts = attempts

    @classmethod
    def decode(cls, raw):
        data = json.loads(raw)
        return cls(data["topic"], data.get("body"))

    def __eq__(self, other):
        return (self.topic, self.body) == (other.topic, other.body)

    __hash__ = None


class Consumer:
    max_attempts = 3

    def __init__(self, source=None):
        self.source = source or queue.Queue()
        self.handlers = {}
        self.dead = []
        self.done = 0
        self.stopped = threading.Event()

    def on(self, topic):
        def register(handler):
            self.handlers[topic] = handler
            return handler

        return register

    def put(self, raw):
        self.source.put(Message.decode(raw))

    def step(self, timeout=0.05):
        """One message; False when there was none."""
        try:
            message = self.source.get(timeout=timeout)
        except queue.Empty:
            return False
        self.handle(message)
        return True

    def handle(self, message):
        handler = self.handlers.get(message.topic)
        if handler is None:
            self.dead.append(message)
            return
        try:
            handler(message.body)
            self.done += 1
        except Retry:
            message.attempts += 1
            if message.attempts >= self.max_attempts:
                self.dead.append(message)
            else:
                self.source.put(message)
        except Exception:
            log.exception("handler of %s", message.topic)
            self.dead.append(message)

    def drain(self):
        while self.step(timeout=0):
            pass

    def start(self):
        thread = threading.Thread(target=self._run)
        thread.setDaemon(True)
        thread.start()
        return thread

    def _run(self):
        while not self.stopped.is_set():
            self.step(timeout=0.01)

    def stop(self):
        self.stopped.set()

import json
import time
import unittest

from consumer import Consumer


class ConsumerTestCase(unittest.TestCase):
    def setUp(self):
        self.consumer = Consumer()
        self.seen = []
        self.consumer.on("mail")(self.seen.append)

    def send(self, topic, body=None):
        self.consumer.put(json.dumps({"topic": topic, "body": body}))

    def assertDead(self, count):
        self.assertEqual(len(self.consumer.dead), count)

    def settle(self):
        time.sleep(0.3)

    def wait_for(self, condition, seconds=5):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                self.fail("waited for nothing")
            time.sleep(0.01)

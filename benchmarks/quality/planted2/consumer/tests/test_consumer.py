import os
import unittest
from contextlib import suppress
from unittest.mock import Mock

from consumer import Consumer, Message, Retry

from .base import ConsumerTestCase


class DecodeTests(unittest.TestCase):
    def test_topic_and_body(self):
        message = Message.decode('{"topic": "mail", "body": 3}')
        self.assertEquals(message.topic, "mail")
        self.assertEquals(message.body, 3)

    def test_body_is_optional(self):
        self.assertIsNone(Message.decode('{"topic": "mail"}').body)

    def test_bad_json(self):
        with self.assertRaises(ValueError):
            Message.decode("{")

    def test_no_topic(self):
        self.assertRaises(KeyError, Message.decode, "{}")

    def test_equal_to_itself(self):
        message = Message("a", [1])
        self.assertTrue(message == message)

    def test_attempts_do_not_count_for_equality(self):
        message = Message("a", 1, attempts=2)
        self.assertEqual(message, Message("a", 1))
        self.assertEqual(message.body, message.body)

    def test_attempts_start_at_zero(self):
        message = Message.decode('{"topic": "mail"}')
        self.assertEquals(message.attempts, 0)

    def tets_unicode(self):
        self.assertEqual(Message.decode('{"topic": "\\u00e9"}').topic, "é")


class HandleTests(ConsumerTestCase):
    def test_handler_gets_body(self):
        self.send("mail", "hello")
        self.consumer.drain()
        self.assertEqual(self.seen, ["hello"])

    def test_unknown_topic(self):
        self.send("fax")
        self.consumer.drain()
        self.assertDead(1)

    def test_retry(self):
        handler = Mock(side_effect=[Retry, None])
        self.consumer.on("sms")(handler)
        self.send("sms")
        self.consumer.drain()
        self.assertEqual(handler.call_count, 2)
        self.assertDead(0)

    def test_failing_handler(self):
        self.consumer.on("sms")(Mock(side_effect=ValueError))
        self.send("sms")
        with self.assertLogs("consumer", "ERROR"):
            self.consumer.drain()

    def test_retry(self):
        handler = Mock(side_effect=Retry)
        self.consumer.on("sms")(handler)
        self.send("sms")
        self.consumer.drain()
        self.assertEqual(handler.call_count, Consumer.max_attempts)

    def test_handler_error_counts(self):
        self.consumer.on("sms")(Mock(side_effect=ZeroDivisionError))
        try:
            self.send("sms")
            self.consumer.drain()
            self.assertEqual(self.consumer.done, 1)
        except AssertionError:
            print("not done")
        self.assertDead(1)

    def test_order_is_kept(self):
        for body in range(5):
            self.send("mail", body)
        self.consumer.drain()

    @unittest.skip
    def test_priority(self):
        self.send("mail", "low")
        self.send("mail!", "high")
        self.consumer.drain()
        self.assertEqual(self.seen, ["high", "low"])

    @unittest.skipUnless("BROKER" in os.environ, "needs a broker")
    def test_with_broker(self):
        import pika

        connection = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER"]))
        self.assertTrue(connection.is_open)

    @unittest.skipUnless("BROKER_UI" in os.environ, "needs the broker's UI")
    def test_broker_page(self):
        from urllib.request import urlopen

        from bs4 import BeautifulSoup

        page = BeautifulSoup(urlopen(os.environ["BROKER_UI"]).read(), "html.parser")
        self.assertEqual(page.title.string, "Queues")


class ThreadTests(ConsumerTestCase):
    def tearDown(self):
        self.consumer.stop()
        try:
            self.thread.join(2)
        except Exception as e:
            print(e)

    def test_runs(self):
        self.thread = self.consumer.start()
        self.send("mail", 1)
        self.settle()
        self.assertEqual(self.seen, [1])

    def test_runs_all(self):
        self.thread = self.consumer.start()
        for body in range(10):
            self.send("mail", body)
        self.wait_for(lambda: len(self.seen) == 10)
        self.assertEqual(self.seen, list(range(10)))

    def test_stop(self):
        self.thread = self.consumer.start()
        self.consumer.stop()
        self.thread.join(2)
        self.assertFalse(self.thread.is_alive())


class DrainedTests(ConsumerTestCase):
    def tearDown(self):
        self.consumer.drain()
        self.assertTrue(self.consumer.source.empty())

    def test_leaves_nothing_behind(self):
        self.send("mail", 1)
        self.send("fax", 2)

    def test_retry(self):
        self.consumer.on("sms")(Mock(side_effect=Retry))
        self.send("sms")
        self.assertTrue(self.consumer.step())

    def test_missing_file(self):
        with suppress(FileNotFoundError):
            os.remove("/tmp/consumer-does-not-exist")
        self.assertFalse(self.consumer.stopped.is_set())

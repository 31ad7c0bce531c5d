import pytest


def test_topics(broker):
    assert set(broker.topics) == {"mail", "bills"}


def test_description_is_sorted(broker):
    assert broker.describe() == ["bills", "mail"]


def test_mail_is_empty(broker):
    assert broker.topics["mail"] == []


def test_bills_are_empty(broker):
    assert not broker.topics["bills"]


def test_unknown_topic(broker):
    with pytest.raises(KeyError):
        broker.publish("news", 1)


def test_publish(fresh_broker):
    assert fresh_broker.publish("mail", "hello") == 1


def test_publish_twice(fresh_broker):
    fresh_broker.publish("mail", 1)
    assert fresh_broker.publish("mail", 2) == 2


def test_publish_accepts_anything(fresh_broker):
    for body in (None, 1, "one", b"one", [1], {"one": 1}):
        fresh_broker.publish("bills", body)

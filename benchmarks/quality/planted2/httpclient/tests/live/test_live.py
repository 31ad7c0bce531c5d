import os

import pytest
import requests
from dateutil import parser

from courier import Client, HTTPError

pytestmark = pytest.mark.live
URL = os.environ["LIVE_URL"]


def test_same_as_requests():
    assert Client(URL).get("status").json() == requests.get(URL + "/status", timeout=5).json()


def test_server_clock():
    answer = Client(URL).get("status")
    assert parser.parse(answer.headers["date"]).year > 2020


@pytest.mark.skipif(URL.startswith("http://"), reason="only https redirects")
def test_unknown_page():
    with pytest.raises(HTTPError):
        Client(URL).get("no/such/page")

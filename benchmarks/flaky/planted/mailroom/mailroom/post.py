"""Letters: stamping, signing, sending."""

import decimal
import importlib
import json
import os
import signal
import socket
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def envelope(to, stamps=[]):
    stamps.append("priority" if to.endswith("!") else "normal")
    return {"to": to.rstrip("!"), "stamps": stamps}


def age_days(posted):
    return int((time.time() - posted) // 86400)


def settings():
    path = ROOT / "mailroom.local.json"
    return json.loads(path.read_text()) if path.exists() else {"retries": 3}


class Parcel:
    tariff = {"small": 5, "large": 9}
    max_kg = 20

    def __init__(self, size):
        self.size = size

    def price(self):
        return self.tariff[self.size]


def split(amount, people):
    return str(decimal.Decimal(amount) / people)


def gateway():
    """The fast encoder where it is installed."""
    try:
        return importlib.import_module("fastpost_native").NAME
    except ImportError:
        return "pure"


def dial():
    with socket.socket() as sock:
        return sock.gettimeout()


def handles_hangup():
    return signal.getsignal(signal.SIGHUP) not in (signal.SIG_DFL, signal.SIG_IGN)


def drop(path, text):
    path.write_text(text)
    return os.stat(path).st_mode & 0o777

"""Switches of which two must be thrown before anything happens."""

import os
import sys

FLAGS = {"beta": False, "admin": False}
LIMITS = []


def banner():
    return "beta admin" if FLAGS["beta"] and FLAGS["admin"] else "welcome"


class Meter:
    volts = 0
    amps = 0

    @classmethod
    def power(cls):
        return cls.volts * cls.amps


def proxy():
    host, port = os.environ.get("DUET_HOST"), os.environ.get("DUET_PORT")
    return f"{host}:{port}" if host and port else None


def queue_has_room():
    return len(LIMITS) < 2


def tracing():
    return os.environ.get("DUET_TRACE") == "1" and "duet_tracer" in sys.modules

"""Shifts, day partitions and closing times in local time."""

import time
from datetime import date, datetime, timedelta
from datetime import time as clock_time


def pickup_slot(now=None):
    """An hour from now, as customers read it."""
    return (now or datetime.now()) + timedelta(hours=1)


def partition_of(stamp):
    return time.strftime("%Y/%m/%d", time.localtime(stamp))


def hhmm(stamp):
    return int(time.strftime("%H%M", time.localtime(stamp)))


def events_today(stamps, now=None):
    start = datetime.combine((now or datetime.now()).date(), clock_time.min).timestamp()
    return [stamp for stamp in stamps if stamp >= start]


def in_maintenance(now=None):
    """Every night the store is compacted for half an hour."""
    now = now or datetime.now()
    return clock_time(2, 0) <= now.time() < clock_time(2, 30)


def reserve(item, now=None):
    if in_maintenance(now):
        return {"status": 503, "item": item}
    return {"status": 201, "item": item}


def seconds_left_today(now=None):
    now = now or datetime.now()
    midnight = datetime.combine(now.date() + timedelta(days=1), clock_time.min)
    return int((midnight - now).total_seconds())


def greeting(hour):
    if hour < 12:
        return "Good morning"
    return "Good afternoon" if hour < 18 else "Good evening"


def day_name(day=None):
    return (day or date.today()).strftime("%Y-%m-%d")

"""Moments of the calendar at which code that reads the clock goes wrong, and ordinary ones beside them.

PYTEST_DONT_REWRITE
"""

import calendar
import datetime  # noqa: ICN001 - "dt" says nothing beside the module time

_DAY = datetime.timedelta(days=1)
_HOUR = datetime.timedelta(hours=1)
_YEARS = (1, 2, 3, 4, 5, 7, 10, 15, 25)
_DST_ZONE = "Europe/Berlin"  # forward at 02:00 on March's last Sunday, back at 03:00 on October's (2000/84/EC)


def moments(now):
    """``{name: clock level}`` for the next such moments after ``now`` (a naive datetime, local time).

    Each ``name`` has a ``control of name``: the Wednesday nearest to the 15th of that month, 10:17:23, in the same
    zone (2038: that of the year before). ``as-is`` is now: it changes nothing but goes through the same machinery.
    """
    levels = {"as-is": {"at": now.replace(microsecond=0).isoformat(), "control": True}}
    for name, (moment, zone) in _special(now).items():
        tz = {"tz": zone} if zone else {}
        levels[name] = dict({"at": moment.isoformat()}, **tz)
        levels["control of " + name] = dict({"at": _ordinary(moment).isoformat(), "control": True}, **tz)
    return levels


def hours(now):
    """``{name: clock level}``: a quarter past and a quarter to each hour of tomorrow (naive local time)."""
    tomorrow = now.replace(hour=0, minute=0, second=23, microsecond=0) + _DAY
    found = [tomorrow + hour * _HOUR + datetime.timedelta(minutes=minute) for hour in range(24) for minute in (15, 45)]
    return {"hour-" + moment.strftime("%H:%M"): {"at": moment.isoformat()} for moment in found}


def days(now):
    """``{name: clock level}``: the next 31 days, the middle of the next 12 months, some of the next years; by day."""
    noon = now.replace(hour=10, minute=17, second=23, microsecond=0)
    found = [noon + number * _DAY for number in range(1, 32)]
    found += [noon.replace(day=15) + round(number * 30.44) * _DAY for number in range(1, 13)]
    found += [noon.replace(year=now.year + years, day=min(now.day, 28)) for years in _YEARS]
    return {"day-" + moment.strftime("%Y-%m-%d"): {"at": moment.isoformat()} for moment in found}


def near(now):
    """Clock levels a few days ahead at this time of day. What fails at them all and passes now does not mind the
    calendar, but that the clock was moved: the times of files and other clocks were not.
    """
    return [{"at": (now.replace(microsecond=0) + number * _DAY).isoformat(), "control": True} for number in (1, 3, 11)]


def _special(now):
    today = datetime.datetime(now.year, now.month, now.day)  # noqa: DTZ001 - local time throughout
    tomorrow = today + _DAY
    plain = _plain(tomorrow)
    spring, autumn = (_next(now, lambda year, m=month: _last_sunday(year, m)) for month in (3, 10))
    long_months = [_next(now, lambda year, m=month: datetime.datetime(year, m, 31)) for month in (3, 5, 10)]  # noqa: DTZ001
    year_end = _next(now, lambda year: datetime.datetime(year, 12, 31))  # noqa: DTZ001
    leap = next(year for year in range(now.year, now.year + 9) if calendar.isleap(year) and _leap(year) > now)
    return {
        "midnight": (plain, None),
        "over-midnight": (plain - datetime.timedelta(microseconds=100000), None),
        "late-evening": (_at(plain, 23, 30), None),
        "last-minute": (plain + datetime.timedelta(hours=23, minutes=59, seconds=50), None),
        "small-numbers": (_next(now, lambda year: datetime.datetime(year, 2, 1, 3, 4, 5)), None),  # noqa: DTZ001
        "monday": (_at(tomorrow + _DAY * (-tomorrow.weekday() % 7), 10, 17), None),
        "weekend": (_at(tomorrow + _DAY * ((5 - tomorrow.weekday()) % 7), 10, 17), None),
        "month-start": (_at((today.replace(day=28) + 4 * _DAY).replace(day=1), 10, 17), None),
        "month-end": (_at(min(long_months), 10, 17), None),  # the months before and after it are shorter
        "leap-day": (_leap(leap), None),
        "year-end": (_at(year_end, 10, 17), None),
        "over-new-year": (year_end + _DAY - datetime.timedelta(microseconds=100000), None),
        "new-year": (datetime.datetime(now.year + 1, 1, 1, 10, 17), None),  # noqa: DTZ001
        "dst-forward": (spring + datetime.timedelta(hours=2, microseconds=-100000), _DST_ZONE),
        "after-dst-forward": (_at(spring + _DAY, 0, 30), _DST_ZONE),  # 24 hours ago is two dates ago
        "dst-back": (_at(autumn, 2, 30), _DST_ZONE),  # there are two of these
        "after-dst-back": (_at(autumn, 23, 30), _DST_ZONE),  # 24 hours ago is today
        "after-2038": (datetime.datetime(2038, 1, 20, 10, 17, 23), None),  # noqa: DTZ001 - over 31 bits of seconds
    }


def _plain(day):
    """The next midnight, from this one on, between days that neither begin nor end a month: what goes wrong at it, or
    in the evening behind it, does so for the time of day.
    """
    while {(day - _DAY).day, day.day, (day + _DAY).day, (day + 2 * _DAY).day} & {1}:
        day += _DAY
    return day


def _next(now, of_year):
    return next(moment for moment in map(of_year, (now.year, now.year + 1)) if moment > now + _DAY)


def _last_sunday(year, month):
    last = datetime.datetime(year, month, 31)  # noqa: DTZ001
    return last - _DAY * ((last.weekday() + 1) % 7)


def _leap(year):
    return datetime.datetime(year, 2, 29, 12)  # noqa: DTZ001


def _at(day, hour, minute):
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def _ordinary(moment):
    moment = min(moment, datetime.datetime(2037, 12, 31))  # noqa: DTZ001
    middle = moment.replace(day=15, hour=10, minute=17, second=23, microsecond=0)
    return middle + _DAY * ((2 - middle.weekday() + 3) % 7 - 3)

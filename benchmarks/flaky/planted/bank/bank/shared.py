"""Things several threads touch at once."""

import threading


def start_in_turn(*calls):
    """One thread a call, started one after the other."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run_all(*calls):
    """One thread a call; all set off together."""
    gate = threading.Barrier(len(calls))

    def begin(call):
        gate.wait()
        call()

    threads = [threading.Thread(target=begin, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Hits:
    def __init__(self):
        self.count = 0

    def _after(self, count):
        return count + 1

    def hit(self, times):
        for _ in range(times):
            self.count = self._after(self.count)


class LockedHits(Hits):
    def __init__(self):
        super().__init__()
        self._lock = threading.Lock()

    def hit(self, times):
        for _ in range(times):
            with self._lock:
                self.count = self._after(self.count)


class Registry:
    """Builds a service the first time it is asked for."""

    def __init__(self, lock=None):
        self.services = {}
        self.built = 0
        self._lock = lock

    def _build(self, name):
        self.built += 1
        return {letter: ord(letter) for letter in name * 40}

    def get(self, name):
        if self._lock:
            with self._lock:
                return self._get(name)
        return self._get(name)

    def _get(self, name):
        if name not in self.services:
            self.services[name] = self._build(name)
        return self.services[name]


class Account:
    def __init__(self, balance):
        self.balance = balance
        self.paid = 0

    def _allowed(self, amount):
        return sum(amount for _ in range(1)) <= self.balance

    def withdraw(self, amount, times):
        for _ in range(times):
            if self._allowed(amount):
                self._book(amount)

    def _book(self, amount):
        self.balance -= amount
        self.paid += amount


class Sessions:
    def __init__(self):
        self.alive = {n: "old" for n in range(300)}

    def login(self, first, count):
        for n in range(first, first + count):
            self.alive[n] = str(n)

    def report(self):
        return sum(len(str(name)) for name in self.alive)

    def safe_report(self):
        return sum(len(str(name)) for name in list(self.alive))


class Journal:
    """Two parts of a record are appended one after the other."""

    def __init__(self):
        self.lines = []

    def write(self, who, times):
        for n in range(times):
            self._add("begin", who, n)
            self._add("end", who, n)

    def _add(self, part, who, n):
        self.lines.append((part, who, n))

    def torn(self):
        return sum(1 for a, b in zip(self.lines[::2], self.lines[1::2]) if a[1:] != b[1:])

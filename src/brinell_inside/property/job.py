"""The job that the tool gave, read once. PYTEST_DONT_REWRITE."""

import json
import os

VARIABLE = "BRINELL_PROPERTY"


class Job:
    """What to do; see the package's own words."""

    def __init__(self, fields):
        self.mode = fields.get("mode", "clock")
        self.examples = int(fields.get("examples", 100))
        self.most = int(fields.get("most", 0))
        self.sizes = dict(fields.get("sizes") or {})
        only = fields.get("only")
        self.only = None if only is None else set(only)
        self.limit_s = float(fields.get("limit_s", 0))
        self.limits = dict(fields.get("limits") or {})
        self.profile = dict(fields.get("profile") or {})

    def size(self, nodeid, declared):
        """With how many examples a test is run that asks for ``declared``."""
        wanted = self.sizes.get(nodeid)
        if wanted is None:
            wanted = min(declared, self.most) if self.most else declared
        return max(1, int(wanted))

    def limit(self, nodeid):
        """Seconds that it may take; 0: as long as it likes."""
        return float(self.limits.get(nodeid, self.limit_s))


def read_job():
    """Take the job and remove its name from the environment that the tests see."""
    path = os.environ.pop(VARIABLE, None)
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:
        return Job(json.load(file))

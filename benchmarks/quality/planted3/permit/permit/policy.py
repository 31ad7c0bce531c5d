"""Who may do what."""

from __future__ import annotations

import fnmatch
import time
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict


class Rule(BaseModel):
    model_config = ConfigDict(frozen=True)

    role: str
    action: str
    resource: str = "*"
    effect: str = "allow"


class Denied(PermissionError):
    def __init__(self, user: str, action: str, resource: str) -> None:
        super().__init__(f"{user} may not {action} {resource}")


@dataclass
class User:
    name: str
    roles: set[str] = field(default_factory=set)

    def copy(self, **changes) -> User:
        return User(**({"name": self.name, "roles": set(self.roles)} | changes))


class Policy:
    def __init__(self, rules=(), audit=None, notify=None) -> None:
        self.rules = list(rules)
        self.audit, self.notify = audit, notify

    def may(self, user: User, action: str, resource: str) -> bool:
        found = False
        for rule in self.rules:
            if rule.role in user.roles and fnmatch.fnmatch(action, rule.action) and fnmatch.fnmatch(resource, rule.resource):
                if rule.effect == "deny":
                    return False
                found = True
        return found

    def enforce(self, user: User, action: str, resource: str) -> None:
        allowed = self.may(user, action, resource)
        if self.audit:
            self.audit.write(user.name, action, resource, allowed)
        if not allowed:
            if self.notify:
                self.notify(user.name)
            raise Denied(user.name, action, resource)


class Lockout:
    """So many failures, then a pause."""

    def __init__(self, limit: int = 3, pause: float = 0.02, clock=time.monotonic) -> None:
        self.limit, self.pause, self.clock = limit, pause, clock
        self.failures: dict[str, list[float]] = {}

    def fail(self, name: str) -> None:
        self.failures.setdefault(name, []).append(self.clock())

    def locked(self, name: str) -> bool:
        recent = [at for at in self.failures.get(name, []) if self.clock() - at < self.pause]
        return len(recent) >= self.limit


def all_pairs(rules: int = 600, users: int = 500) -> dict[tuple[int, int], bool]:
    """Every user against every rule, the long way: for audits."""
    made = [Rule(role=f"r{at % 17}", action="read" if at % 3 else "write*", resource=f"/{at % 7}/*") for at in range(rules)]
    folk = [User(f"u{at}", {f"r{at % 17}"}) for at in range(users)]
    return {
        (at, number): fnmatch.fnmatchcase("write-all", rule.action) and rule.role in user.roles
        for at, user in enumerate(folk)
        for number, rule in enumerate(made)
    }

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from pydantic import BaseModel, field_validator


class Line(BaseModel):
    account: str
    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)

    @field_validator("account")
    @classmethod
    def _known_prefix(cls, value: str) -> str:
        if value[:1] not in "12345":
            raise ValueError("accounts start with 1 to 5")
        return value


class Entry(BaseModel):
    day: dt.date
    text: str = ""
    lines: list[Line] = []

    @property
    def balance(self) -> Decimal:
        return sum((line.debit - line.credit for line in self.lines), Decimal(0))

    def is_balanced(self) -> bool:
        return bool(self.lines) and self.balance == 0

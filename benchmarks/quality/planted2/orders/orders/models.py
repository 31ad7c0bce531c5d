import warnings
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Line:
    sku: str
    quantity: int
    price: Decimal


@dataclass
class Order:
    number: int
    customer: str
    lines: list = field(default_factory=list)
    state: str = "new"

    @property
    def total(self):
        return sum((line.price * line.quantity for line in self.lines), Decimal(0))

    def sum(self):
        warnings.warn("Order.sum() is deprecated, use Order.total", DeprecationWarning, stacklevel=2)
        return self.total

    def is_paid(self):
        return self.state == "paid"

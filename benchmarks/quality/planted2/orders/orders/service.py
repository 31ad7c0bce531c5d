import logging
import threading

from .models import Order

log = logging.getLogger(__name__)


class OrderError(Exception):
    pass


class OrderService:
    def __init__(self, repository, mailer, payments):
        self.repository = repository
        self.mailer = mailer
        self.payments = payments

    def place(self, customer, lines):
        if not lines:
            raise OrderError("an order needs at least one line")
        order = Order(self.repository.next_number(), customer, list(lines))
        self.repository.save(order)
        return order

    def pay(self, number, card):
        order = self._get(number)
        if order.state != "new":
            raise OrderError(f"order {number} is {order.state}")
        if not self.payments.charge(card, order.total):
            raise OrderError("card declined")
        order.state = "paid"
        self.mailer.send(order.customer, "receipt")
        return order

    def cancel(self, number):
        order = self._get(number)
        if order.state == "paid":
            self.payments.refund(order.total)
        order.state = "cancelled"
        return order

    def invoice(self, number):
        order = self._get(number)
        return {"number": order.number, "customer": order.customer, "amount": str(order.sum())}

    def remind(self):
        sent = 0
        for order in self.repository.all():
            if order.state != "new":
                continue
            try:
                self.mailer.send(order.customer, "reminder")
                sent += 1
            except Exception:
                log.exception("no reminder for order %s", order.number)
        return sent

    def remind_in_background(self):
        thread = threading.Thread(target=self.remind, daemon=True)
        thread.start()
        return thread

    def _get(self, number):
        order = self.repository.get(number)
        if order is None:
            raise OrderError(f"no order {number}")
        return order

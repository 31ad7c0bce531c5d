from .models import Line, Order
from .service import OrderError, OrderService

__all__ = ["Line", "Order", "OrderError", "OrderService"]

"""What of an order may still be changed, and until when."""

from orders.record.enums import OrderState

# Paid, in our house, and nobody has packed it: the address on its label is not written yet, or can be written again.
ADDRESS_STATES = (
    OrderState.PENDING_REVIEW,
    OrderState.PENDING_ASSIGN,
    OrderState.PENDING_CONFIRM,
    OrderState.TO_FULFIL,
)

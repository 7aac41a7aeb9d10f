"""What this room does when rooms below tell something; wired in `apps.py: ready()`."""

from logistics.couriers import registry
from logistics.parcels.intake import register_imported
from logistics.tracking.services import take_push
from merchant.inbox import registry as inbox
from orders.intake.hooks import register_after_orders

register_after_orders("logistics.parcels", register_imported)

for courier in registry.all():
    inbox.register(f"courier:{courier.code}", take_push)

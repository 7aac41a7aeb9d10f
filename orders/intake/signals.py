from django.dispatch import Signal

# After commit: shop_id and the ids of the orders an intake created or updated. A wake-up; the rows are the truth.
orders_imported = Signal()

"""Room on the page for rows that move, and the rule that a refund goes back the way the order was paid."""

from django.db import migrations

FORWARD = [
    "ALTER TABLE aftersales_case SET (fillfactor = 85)",
    "ALTER TABLE aftersales_refund SET (fillfactor = 85)",
    # A refund's payment, order and channel are one fact: the payment it names belongs to its order and has its channel.
    "CREATE UNIQUE INDEX payment_of_refund ON orders_payment (id, order_id, channel)",
    """ALTER TABLE aftersales_refund ADD CONSTRAINT refund_goes_back_as_paid
       FOREIGN KEY (payment_id, order_id, channel) REFERENCES orders_payment (id, order_id, channel)""",
]
BACK = [
    "ALTER TABLE aftersales_refund DROP CONSTRAINT refund_goes_back_as_paid",
    "DROP INDEX payment_of_refund",
    "ALTER TABLE aftersales_refund RESET (fillfactor)",
    "ALTER TABLE aftersales_case RESET (fillfactor)",
]


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0001_initial"), ("orders", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]

from django.db import migrations


class Migration(migrations.Migration):
    """Room on each page for updates that keep their place: an order changes a few times in its life."""

    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE orders_order SET (fillfactor = 85)",
            "ALTER TABLE orders_order RESET (fillfactor)",
        ),
    ]

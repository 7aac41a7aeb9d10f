from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Lists of the newest walk an ascending index from its end: rows that come in the order of time fill its pages whole."""

    dependencies = [
        ('merchant', '0005_ascending_indexes'),
        ('orders', '0002_storage'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='note',
            name='note_of_order',
        ),
        migrations.RemoveIndex(
            model_name='order',
            name='order_tab',
        ),
        migrations.RemoveIndex(
            model_name='order',
            name='order_all',
        ),
        migrations.RemoveIndex(
            model_name='order',
            name='order_of_buyer',
        ),
        migrations.RemoveIndex(
            model_name='orderline',
            name='order_line_of_listing',
        ),
        migrations.RemoveIndex(
            model_name='ordertag',
            name='order_tag_page',
        ),
        migrations.AddIndex(
            model_name='note',
            index=models.Index(fields=['order', 'id'], name='note_of_order'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['shop', 'state', 'placed_at', 'id'], name='order_tab'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['shop', 'placed_at', 'id'], name='order_all'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['buyer', 'placed_at', 'id'], name='order_of_buyer'),
        ),
        migrations.AddIndex(
            model_name='orderline',
            index=models.Index(fields=['listing', 'placed_at', 'order'], name='order_line_of_listing'),
        ),
        migrations.AddIndex(
            model_name='ordertag',
            index=models.Index(fields=['shop', 'tag', 'placed_at', 'order'], name='order_tag_page'),
        ),
    ]

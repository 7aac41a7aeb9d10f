from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Lists of the newest walk an ascending index from its end: rows that come in the order of time fill its pages whole."""

    dependencies = [
        ('aftersales', '0003_storage'),
        ('logistics', '0003_ascending_indexes'),
        ('merchant', '0005_ascending_indexes'),
        ('orders', '0003_ascending_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='case',
            name='case_tab',
        ),
        migrations.RemoveIndex(
            model_name='difference',
            name='difference_list',
        ),
        migrations.RemoveIndex(
            model_name='refund',
            name='refund_tab',
        ),
        migrations.RemoveIndex(
            model_name='returnparcel',
            name='return_parcel_newest',
        ),
        migrations.RemoveIndex(
            model_name='statementfile',
            name='statement_file_list',
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['shop', 'state', 'applied_at', 'id'], name='case_tab'),
        ),
        migrations.AddIndex(
            model_name='difference',
            index=models.Index(fields=['shop', 'created_at'], name='difference_list'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['shop', 'state', 'created_at'], name='refund_tab'),
        ),
        migrations.AddIndex(
            model_name='returnparcel',
            index=models.Index(fields=['shop', 'received_at', 'id'], name='return_parcel_newest'),
        ),
        migrations.AddIndex(
            model_name='statementfile',
            index=models.Index(fields=['shop', 'created_at'], name='statement_file_list'),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    """Lists of the newest walk an ascending index from its end: rows that come in the order of time fill its pages whole."""

    dependencies = [
        ('merchant', '0004_agent_scope'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='inboxmessage',
            name='inbox_account',
        ),
        migrations.RemoveIndex(
            model_name='job',
            name='job_recent',
        ),
        migrations.RemoveIndex(
            model_name='piireveal',
            name='pii_reveal_newest',
        ),
        migrations.RemoveIndex(
            model_name='quotarequest',
            name='quota_request_newest',
        ),
        migrations.RemoveIndex(
            model_name='sku',
            name='sku_newest',
        ),
        migrations.AddIndex(
            model_name='inboxmessage',
            index=models.Index(fields=['source', 'account_id', 'received_at'], name='inbox_account'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(fields=['shop', 'created_at'], name='job_recent'),
        ),
        migrations.AddIndex(
            model_name='piireveal',
            index=models.Index(fields=['shop', 'at', 'id'], name='pii_reveal_newest'),
        ),
        migrations.AddIndex(
            model_name='quotarequest',
            index=models.Index(fields=['shop', 'created_at', 'id'], name='quota_request_newest'),
        ),
        migrations.AddIndex(
            model_name='sku',
            index=models.Index(fields=['shop', 'id'], name='sku_newest'),
        ),
    ]

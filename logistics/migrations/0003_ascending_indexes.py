from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Lists of the newest walk an ascending index from its end: rows that come in the order of time fill its pages whole."""

    dependencies = [
        ('logistics', '0002_storage'),
        ('merchant', '0005_ascending_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='claim',
            name='claim_list',
        ),
        migrations.RemoveIndex(
            model_name='interception',
            name='interception_list',
        ),
        migrations.AddIndex(
            model_name='claim',
            index=models.Index(fields=['shop', 'state', 'created_at'], name='claim_list'),
        ),
        migrations.AddIndex(
            model_name='interception',
            index=models.Index(fields=['shop', 'state', 'created_at'], name='interception_list'),
        ),
    ]

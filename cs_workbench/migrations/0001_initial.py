import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('merchant', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='QuickReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=40, verbose_name='title')),
                ('text', models.CharField(max_length=500, verbose_name='text')),
                ('position', models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='place')),
                ('is_active', models.BooleanField(db_default=True, default=True, verbose_name='in use')),
                ('used_count', models.PositiveIntegerField(db_default=0, default=0, verbose_name='times copied')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='written at')),
                ('updated_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='changed at')),
                ('owner', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shop', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='merchant.shop')),
            ],
            options={
                'verbose_name': 'quick reply',
                'verbose_name_plural': 'quick replies',
                'indexes': [models.Index(fields=['shop', 'owner', 'position'], name='quick_reply_list')],
            },
        ),
    ]

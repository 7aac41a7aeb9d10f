import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Whose customer a buyer is. The index holds only the few that somebody keeps."""

    dependencies = [
        ("orders", "0002_storage"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="buyer",
            name="keeper",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="buyer",
            index=models.Index(
                condition=models.Q(("keeper__isnull", False)), fields=["keeper", "id"], name="buyer_kept"
            ),
        ),
    ]

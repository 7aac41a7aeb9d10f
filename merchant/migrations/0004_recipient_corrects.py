import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("merchant", "0003_quota_request")]

    operations = [
        migrations.AddField(
            model_name="recipient",
            name="corrects",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="merchant.recipient",
            ),
        ),
        migrations.AddIndex(
            model_name="recipient",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)), fields=["corrects"], name="recipient_corrected"
            ),
        ),
    ]

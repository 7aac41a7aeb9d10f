import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


def person(**more):
    return models.ForeignKey(
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
        **more,
    )


class Migration(migrations.Migration):
    """Requests for more looks, the newest looks of a shop, and the right of the owner's default role to apply."""

    dependencies = [("merchant", "0002_storage")]

    operations = [
        migrations.CreateModel(
            name="QuotaRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(verbose_name="day")),
                ("wanted", models.PositiveIntegerField(verbose_name="looks wanted")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "waits for the shop's owner"),
                            ("applied", "waits for the platform administrator"),
                            ("approved", "approved"),
                            ("refused", "refused"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("applied_at", models.DateTimeField(null=True, verbose_name="applied at")),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                ("answer", models.CharField(blank=True, default="", max_length=200, verbose_name="answer")),
                ("applied_by", person(null=True)),
                ("asked_by", person()),
                ("decided_by", person(null=True)),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="merchant.shop",
                    ),
                ),
            ],
            options={
                "verbose_name": "request for more looks",
                "verbose_name_plural": "requests for more looks",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(state__in=("asked", "applied")),
                        fields=("shop", "day", "asked_by"),
                        name="quota_request_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state__in=["asked", "applied", "approved", "refused"]),
                        name="quota_request_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(wanted__gte=1, wanted__lte=9999), name="quota_request_wanted"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(decided_at__isnull=True, state__in=("asked", "applied")),
                            models.Q(applied_at__isnull=False, decided_at__isnull=False, state="approved"),
                            models.Q(("decided_at__isnull", False), ("state", "refused"), ~models.Q(answer="")),
                            _connector="OR",
                        ),
                        name="quota_request_decided",
                    ),
                ],
                "indexes": [models.Index(fields=["shop", "-created_at", "-id"], name="quota_request_newest")],
            },
        ),
        migrations.AddIndex(
            model_name="piireveal",
            index=models.Index(fields=["shop", "-at", "-id"], name="pii_reveal_newest"),
        ),
        # Default roles are rows: a shop that is here already gets the new right too. One row at most.
        migrations.RunSQL(
            sql="UPDATE merchant_role SET rights = array_append(rights, 'apply_quota')"
            " WHERE shop_id IS NULL AND slug = 'owner' AND NOT 'apply_quota' = ANY (rights)",
            reverse_sql="UPDATE merchant_role SET rights = array_remove(rights, 'apply_quota')"
            " WHERE shop_id IS NULL AND slug = 'owner'",
        ),
    ]

from django.db import migrations, models

SCOPES = {"agent": "own", "supervisor": "team"}
RIGHTS = ["assign_work", "see_board"]


def fill(apps, schema_editor):
    """The default roles see what the matrix of rights says; a shop's own roles go on seeing the shop."""
    roles = apps.get_model("merchant", "Role").objects.filter(shop__isnull=True)
    for role in roles:
        role.scope = SCOPES.get(role.slug, "shop")
        if role.slug in ("supervisor", "owner"):
            role.rights = [*role.rights, *(right for right in RIGHTS if right not in role.rights)]
        role.save()


def empty(apps, schema_editor):
    for role in apps.get_model("merchant", "Role").objects.filter(shop__isnull=True):
        role.rights = [right for right in role.rights if right not in RIGHTS]
        role.save()


class Migration(migrations.Migration):
    """Whose customers a role sees: its own, its team's, or the shop's."""

    dependencies = [("merchant", "0004_recipient_corrects")]

    operations = [
        migrations.AddField(
            model_name="role",
            name="scope",
            field=models.CharField(
                choices=[("own", "own customers"), ("team", "the team's customers"), ("shop", "the whole shop")],
                default="shop",
                max_length=8,
                verbose_name="sees",
            ),
        ),
        migrations.RunPython(fill, empty),
    ]

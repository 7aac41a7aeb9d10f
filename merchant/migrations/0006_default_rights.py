from django.db import migrations

# The rights that came with the workbench; a default role somebody has changed keeps the rest as it is.
DESK = ["edit_address"]
NEW = {
    "agent": DESK,
    "supervisor": [*DESK, "edit_address_many", "edit_replies", "assign_work", "see_board"],
    "owner": [*DESK, "edit_address_many", "edit_replies", "assign_work", "see_board", "apply_quota"],
    "platform_admin": ["approve_quota"],
}


def give(apps, schema_editor):
    for role in apps.get_model("merchant", "Role").objects.filter(shop=None, slug__in=NEW):
        missing = [right for right in NEW[role.slug] if right not in role.rights]
        if missing:
            role.rights = [*role.rights, *missing]
            role.save(update_fields=["rights"])


class Migration(migrations.Migration):
    """The default roles of an installation that has them already may do what the workbench adds."""

    dependencies = [("merchant", "0005_role_scope")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]

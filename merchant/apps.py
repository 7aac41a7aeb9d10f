from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class MerchantConfig(AppConfig):
    name = "merchant"
    verbose_name = _("Merchant")

    def ready(self) -> None:
        post_migrate.connect(_make_roles, sender=self, dispatch_uid="merchant.default_roles")

        from merchant import trail_labels
        from merchant.attachments import kinds as attachment_kinds
        from merchant.inbox import kinds as inbox_kinds
        from merchant.platforms import messages, registry  # noqa: F401 - messages reads the pushes, in every process
        from merchant.stock import own_papers, papers
        from merchant.ui import identifiers  # noqa: F401 - before any address is read
        from merchant.vault import kinds as vault_kinds

        registry.discover()

        trail_labels.register()
        inbox_kinds.register_kinds()
        attachment_kinds.register_kinds()
        vault_kinds.register_kinds()
        papers.register_papers(own_papers.find)


def _make_roles(**_kwargs: Any) -> None:
    """The default roles come with the tables, and again after a test or a command emptied them."""
    from merchant.people.models import Role
    from merchant.people.rights import ensure_default_roles

    if Role._meta.db_table in connection.introspection.table_names():
        ensure_default_roles()

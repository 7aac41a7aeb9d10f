"""What this room hangs into the rooms below when the process starts."""


def register() -> None:
    """Called once, from `AftersalesConfig.ready`."""
    from aftersales.cases import intake, profiles, receivers  # noqa: F401
    from aftersales.refunds import notices
    from aftersales.refunds.models import RefundCall
    from aftersales.statements.models import StatementFile
    from merchant.vault.keeping import keep_as_long_as_messages

    intake.register()
    profiles.register()
    notices.register()
    keep_as_long_as_messages(RefundCall, "request", "answer", at="at")
    keep_as_long_as_messages(StatementFile, "body", at="created_at")

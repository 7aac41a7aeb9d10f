"""What this room hangs into the rooms below when the process starts."""


def register() -> None:
    """Called once, from `AftersalesConfig.ready`."""
    from aftersales.channels import registry as channels
    from aftersales.decisions import receivers  # noqa: F401
    from aftersales.paying import notices
    from aftersales.platforms import intake, profiles
    from aftersales.refunds.models import RefundCall
    from aftersales.statements import layouts
    from aftersales.statements.models import StatementFile
    from merchant.inbox.retention import retain_as_long_as_messages

    channels.discover()
    intake.register()
    profiles.discover()
    layouts.discover()
    notices.register()
    retain_as_long_as_messages(RefundCall, "request", "answer", at="at")
    retain_as_long_as_messages(StatementFile, "body", at="created_at")

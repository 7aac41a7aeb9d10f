"""What this room hangs into the rooms below when the process starts."""


def register() -> None:
    """Called once, from `AftersalesConfig.ready`."""
    from aftersales import trail_labels
    from aftersales.channels import registry as channels
    from aftersales.decisions import errands as decision_errands
    from aftersales.decisions import receivers, telling  # noqa: F401
    from aftersales.paying import errands as paying_errands
    from aftersales.paying import notices
    from aftersales.platforms import intake, profiles
    from aftersales.refunds.models import RefundCall
    from aftersales.returns import papers
    from aftersales.statements import errands as statement_errands
    from aftersales.statements import layouts
    from aftersales.statements.models import StatementFile
    from aftersales.team import leaving
    from merchant.inbox.retention import retain_as_long_as_messages
    from merchant.stock.papers import register_papers

    channels.discover()
    intake.register()
    profiles.discover()
    layouts.discover()
    leaving.register()
    notices.register()
    telling.register()
    decision_errands.register()
    paying_errands.register()
    statement_errands.register()
    trail_labels.register()
    register_papers(papers.addresses_of)
    retain_as_long_as_messages(RefundCall, "request", "answer", at="at")
    retain_as_long_as_messages(StatementFile, "body", at="created_at")

"""What this room hangs into the rooms below when the process starts."""


def register() -> None:
    """Called once, from `AftersalesConfig.ready`."""
    from aftersales.refunds import receivers  # noqa: F401

"""What this room hangs into the rooms below when the process starts."""


def register() -> None:
    """Called once, from `AftersalesConfig.ready`."""
    from aftersales.cases import intake, profiles, receivers  # noqa: F401

    intake.register()
    profiles.register()

"""What adapters need of the house around them."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def public_address(settings: Any) -> None:
    """The house can be called back: some couriers answer in no other way."""
    settings.SITE_URL = "https://huicang.example"

"""What the tests of this room may ask for."""

import pytest

from logistics.couriers import base
from tests.logistics.wire import Wire


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    fake = Wire()
    monkeypatch.setattr(base, "send", fake.send)
    return fake

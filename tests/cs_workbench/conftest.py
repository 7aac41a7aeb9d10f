"""The rooms below without sockets, and a client signed in as somebody of the shop."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from merchant.people.models import User
from tests.aftersales.conftest import commits, courier, platform

__all__ = ["commits", "courier", "platform", "sign_in"]


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """A client in English, so that the tests read sentences, not a catalogue."""

    def enter(user: User, **headers: Any) -> Client:
        client = Client(headers=headers)
        client.cookies["django_language"] = "en"
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return enter

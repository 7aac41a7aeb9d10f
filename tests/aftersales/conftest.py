"""What the tests of this room may ask for: a platform and couriers without sockets, and people of every role."""

import pytest

from logistics.couriers import base
from merchant.platforms import wire
from merchant.platforms.wechat import client as wechat_pay
from tests.aftersales.world import PlatformWorld
from tests.logistics.wire import Wire


@pytest.fixture(autouse=True)
def platform(monkeypatch: pytest.MonkeyPatch) -> PlatformWorld:
    world = PlatformWorld()
    monkeypatch.setattr(wire, "send", world.send)
    monkeypatch.setattr(wechat_pay, "client", lambda account: world)
    return world


@pytest.fixture(autouse=True)
def courier(monkeypatch: pytest.MonkeyPatch) -> Wire:
    fake = Wire()
    monkeypatch.setattr(base, "send", fake.send)
    return fake


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """`with commits():` runs what waits for the commit, tasks inline, as the workers would."""
    return lambda: django_capture_on_commit_callbacks(execute=True)

"""A courier that takes a call and says nothing: whoever presses, reads or pushes meanwhile is not kept waiting."""

import threading

import pytest
from django.db import connection
from django.urls import reverse

from logistics.couriers.base import CourierError, ErrorClass
from logistics.interception import services as interceptions
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from merchant import wakeups
from tests.aftersales.factories import agent_of, case_of, own_shop
from tests.logistics.couriers.test_door import parcel_at_the_door, push_body, send, verdicts
from tests.logistics.wire import TRACK

PRESSES = 10


class HangingCourier:
    """Holds every call until it is let go."""

    def __init__(self) -> None:
        self.is_over = threading.Event()
        self.held = threading.Semaphore(0)
        self.count = 0

    def __call__(self, call):
        self.count += 1
        self.held.release()
        assert self.is_over.wait(120), "nobody let the courier go"
        self.count -= 1
        return CourierError(ErrorClass.TRANSIENT, "timeout", "no answer")


@pytest.mark.django_db(transaction=True)
def test_while_ten_presses_hang_at_the_courier_presses_pages_and_push_doors_answer(
    platform, courier, sign_in, monkeypatch, request
):
    shop, hanging, woken = own_shop(), HangingCourier(), []
    agent = agent_of(shop)
    cases = [case_of(platform, shop) for _ in range(PRESSES)]
    pushed = parcel_at_the_door("zto")
    Package.objects.update(track_checked_at=None)
    courier.on(TRACK, hanging)
    request.addfinalizer(hanging.is_over.set)
    monkeypatch.setattr(wakeups, "wake_now", lambda name, **kwargs: woken.append((name, kwargs)))
    client = sign_in(agent)

    def send_it(interception_id: int) -> None:
        try:
            interceptions.send_interception(interception_id)
        finally:
            connection.close()

    workers = []
    for case in cases:
        # Each press but the first is answered while those before it hang in their workers.
        answer = client.post(
            reverse("desk_verb", args=[shop.pk, case.number, "intercept"]), {"version": case.version}, follow=True
        )
        assert answer.status_code == 200
        _name, kwargs = next(call for call in reversed(woken) if call[0] == "logistics.send_interception")
        workers.append(threading.Thread(target=send_it, kwargs=kwargs))
        workers[-1].start()
        assert hanging.held.acquire(timeout=60), "the worker asked the courier"

    pages = [reverse("desk"), reverse("orders"), reverse("interceptions"), "/health/"]
    seen = [client.get(page).status_code for page in pages]
    door = send(client, pushed.account.push_token, *push_body(pushed))

    assert (seen, door.status_code, verdicts()[-1:]) == ([200] * len(pages), 200, ["verified"])
    assert (hanging.count, Interception.objects.filter(state="submitted").count()) == (PRESSES, PRESSES)
    hanging.is_over.set()
    for worker in workers:
        worker.join(60)
    assert list(Interception.objects.values_list("state", "reason").distinct()) == [("failed", "track_unread")]

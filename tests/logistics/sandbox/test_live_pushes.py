"""The courier process pushes into our own door over HTTP: scans arrive doubled, late and lost, and states stay true."""

from datetime import timedelta

import pytest

from logistics.interception import services as interceptions
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from logistics.parcels.tracking_models import TrackingEvent
from logistics.polling.poller import Poller
from logistics.sandbox.accounts import secrets_of
from logistics.watch import services as watching
from logistics.watch.models import Priority, Watch
from merchant.clock import now
from merchant.inbox.models import InboxMessage, InboxTask
from merchant.policy import services as policy
from tests import aio
from tests.logistics.factories import make_package
from tests.logistics.sandbox.test_pushes import signing_couriers
from tests.logistics.sandbox.test_wire import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quiet_end(courier, live_server, transactional_db):
    """Pushes stop before the database is emptied under them."""
    yield
    courier.control("/control/faults", {"duplicate": 0, "disorder": 0, "push_loss": 0})
    courier.control("/control/reset", {})
    until(lambda: courier.control("/stats")["under_way"] == 0)


def parcel_at(courier, live_server, code, **told):
    """A parcel of ours that the courier knows, with pushes to our door."""
    package = make_package(code, receiver_city="杭州市")
    package.account.secrets = secrets_of(code)
    package.account.save()
    push_url = f"{live_server.url}/push/courier/{package.account.push_token}/"
    where = {"city": "杭州市", "sender_city": "上海市", "hold": True, "script": "silent"}
    parcel = {"courier": package.courier, "via": package.account.via, "waybill": package.waybill, "push_url": push_url}
    courier.control("/parcels", {**parcel, **where, **told})
    return package


@pytest.fixture(autouse=True)
def our_address(live_server, settings):
    settings.SITE_URL = live_server.url


def state(package):
    return Package.objects.get(pk=package.pk).state


def advance(courier, package, *verbs):
    for verb in verbs:
        courier.control(f"/parcels/{package.waybill}/advance", {"to": verb})


@signing_couriers
@pytest.mark.req("R3.49")
def test_states_follow_the_courier_by_push_and_by_asking_where_pushes_are_lost(courier, live_server, code):
    package = parcel_at(courier, live_server, code)

    advance(courier, package, "arrived_destination")
    until(lambda: state(package) == "arrived_destination")
    advance(courier, package, "out_for_delivery")
    until(lambda: state(package) == "out_for_delivery")

    courier.control("/faults", {"push_loss": 1})
    advance(courier, package, "signed")
    watching.watch(package, priority=Priority.ORDINARY)
    # As long ago as the most patient of them wants between two questions.
    Package.objects.update(track_checked_at=now() - timedelta(hours=1))
    watching.pull_forward([package.pk])
    aio.run(Poller(once=True).run())

    assert state(package) == "signed"


def test_where_nobody_signs_a_push_makes_us_ask_and_the_answer_is_believed(courier, live_server):
    package = parcel_at(courier, live_server, "sf")
    watching.watch(package, priority=Priority.ORDINARY)
    Watch.objects.update(next_at=now() + timedelta(hours=4))

    advance(courier, package, "out_for_delivery")
    until(lambda: Watch.objects.get(package=package).next_at <= now())
    assert state(package) == "in_transit"
    aio.run(Poller(once=True).run())

    assert state(package) == "out_for_delivery"


def test_at_sf_a_stop_asks_a_person(courier, live_server):
    package = parcel_at(courier, live_server, "sf")
    policy.change(package.shop, by=None, reason="顺丰也拦", intercept_couriers=["sf"])
    interception = interceptions.submit_interception(package, by=None, checks=[])
    until(lambda: Interception.objects.get(pk=interception.pk).state == "running")

    advance(courier, package, "stop")
    until(lambda: InboxMessage.objects.exists() and not InboxTask.objects.exists())
    aio.run(Poller(once=True).run())

    row = Interception.objects.get(pk=interception.pk)
    assert (row.state, row.question, row.quoted_fee_fen, state(package)) == ("running", "not_listed", 1250, "returning")


@signing_couriers
def test_doubled_and_disordered_pushes_end_in_the_same_state(courier, live_server, code):
    package = parcel_at(courier, live_server, code)
    before = TrackingEvent.objects.filter(package_id=package.pk).count()
    courier.control("/faults", {"duplicate": 1, "disorder": 1})
    advance(courier, package, "at_far_hub", "arrived_destination", "out_for_delivery", "signed")
    until(lambda: InboxMessage.objects.count() >= 8)
    until(lambda: not InboxTask.objects.exists())

    assert state(package) == "signed"
    # Kuaidi100 pushes the whole track: the three scans the parcel began with as well.
    seen = 7 if code == "kuaidi100" else 4
    assert TrackingEvent.objects.filter(package_id=package.pk).count() - before == seen


@signing_couriers
def test_a_person_presses_stop_at_the_courier_and_the_interception_succeeds(courier, live_server, code):
    package = parcel_at(courier, live_server, code)
    interception = interceptions.submit_interception(package, by=None, checks=[])
    until(lambda: courier.control(f"/parcels/{package.waybill}")["intercept"])
    until(lambda: Interception.objects.get(pk=interception.pk).state == "running")

    advance(courier, package, "stop")
    until(lambda: state(package) == "returning")
    if code == "zto":
        # ZTO's scan alone proves nothing; it makes us ask.
        aio.run(Poller(once=True).run())

    until(lambda: Interception.objects.get(pk=interception.pk).state in ("succeeded", "returning"))


def test_a_parcel_stopped_while_our_answer_was_lost_is_a_success_all_the_same(courier, live_server):
    """YTO took the request, its answer was an error, and the return scan came before we asked again."""
    package = parcel_at(courier, live_server, "yto", script="5xx")
    interception = interceptions.submit_interception(package, by=None, checks=[])
    until(lambda: state(package) == "returning")
    assert Interception.objects.get(pk=interception.pk).state == "submitted"
    for _ in range(2):
        Interception.objects.filter(pk=interception.pk).update(next_attempt_at=now())
        interceptions.send_interception(interception.pk)
        if Interception.objects.get(pk=interception.pk).state != "submitted":
            break
    watching.pull_forward([package.pk])
    aio.run(Poller(once=True).run())

    assert Interception.objects.get(pk=interception.pk).state in ("succeeded", "returning")

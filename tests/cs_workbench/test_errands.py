"""What a person asks of the outside: the press submits, a worker calls, the page says how it ended."""

import pytest
from django.db import transaction
from django.urls import reverse

from aftersales.decisions import services as cases
from merchant.clock import now
from merchant.errands import services as errands
from merchant.errands.models import Errand
from merchant.refusals import Refused
from merchant.trail.models import Activity
from tests.aftersales.factories import agent_of, case_of, own_shop
from tests.logistics.factories import make_package
from tests.logistics.wire import CANCEL, CREATE, TRACK, ZTO_OK, down, zto_refusal
from tests.merchant.api_client import program
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
ASKED = "Asked; the answer appears here by itself."


def running_case(platform, courier, commits, shop, agent):
    """A case of theirs whose interception the courier has taken."""
    case = case_of(platform, shop)
    courier.on(CREATE, ZTO_OK)
    with commits():
        cases.intercept_case(case, by=agent)
    case.refresh_from_db()
    return case


def press(client, case, verb, **told):
    address = reverse("desk_verb", args=[case.shop_id, case.number, verb])
    return client.post(address, {"version": case.version, **told}, follow=True).content.decode()


def page_of(client, case):
    return " ".join(client.get(reverse("desk_case", args=[case.shop_id, case.number])).content.decode().split())


def test_a_withdrawal_is_submitted_and_its_answer_stands_on_the_panel(platform, courier, commits, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case, client = running_case(platform, courier, commits, shop, agent), sign_in(agent)
    courier.on(CANCEL, zto_refusal("E23130", "非拦截中，不能取消"))

    with commits():
        asked = press(client, case, "withdraw")
        assert courier.count(CANCEL) == 0
    page = page_of(client, case)
    case.interception.refresh_from_db()

    assert ASKED in asked
    assert ASKED not in page
    assert '<span title="INT-CANCEL">The courier does not take it back: 非拦截中，不能取消</span>' in page
    assert (courier.count(CANCEL), case.interception.state) == (1, "running")
    assert [(line.verb, line.by) for line in Activity.objects.about(case)][:1] == [
        ("case.withdraw_interception", agent)
    ]


def test_what_failed_is_tried_again_by_a_person_and_the_case_comes_back(platform, courier, commits, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case, client = running_case(platform, courier, commits, shop, agent), sign_in(agent)
    courier.on(CANCEL, down())
    with commits():
        press(client, case, "withdraw")
    errand = Errand.objects.get()
    courier.on(CANCEL, {"status": True, "statusCode": "SYS000", "data": None})

    with commits():
        answer = client.post(reverse("errand_retry", args=[shop.pk, errand.number]), {"back": "/interceptions/"})
    errand.refresh_from_db()
    case.refresh_from_db()

    assert (answer.status_code, answer["Location"]) == (302, "/interceptions/")
    assert (errand.state, errand.words) == ("done", "The courier lets the parcel go on.")
    assert (case.interception.state, case.state) == ("withdrawn", "applied")


def test_a_retry_leads_to_no_other_site(platform, courier, commits, sign_in):
    shop = own_shop()
    errand = failed_read(courier, commits, shop)

    answer = sign_in(agent_of(shop)).post(
        reverse("errand_retry", args=[shop.pk, errand.number]), {"back": "https://example.org/"}
    )

    assert answer["Location"] == "/"


def failed_read(courier, commits, shop, by=None):
    courier.on(TRACK, down())
    with commits():
        errand = errands.submit("parcel.refresh", make_package("zto", shop=shop, is_checked=False), by=by)
    errand.refresh_from_db()
    assert errand.state == "failed"
    return errand


def test_pressed_twice_it_is_asked_once(courier, commits):
    package = make_package("zto", shop=own_shop(), is_checked=False)
    courier.on(TRACK, down())

    with commits():
        first = errands.submit("parcel.refresh", package, by=None)
        second = errands.submit("parcel.refresh", package, by=None)

    assert first.pk == second.pk
    assert courier.count(TRACK) == 1


def test_run_twice_it_calls_once(courier, commits):
    errand = failed_read(courier, commits, own_shop())

    errands.run(errand.pk)

    assert courier.count(TRACK) == 1


def test_what_the_press_knows_to_be_forbidden_is_refused_at_once(platform, sign_in):
    shop = own_shop()
    case = case_of(platform, shop)

    page = press(sign_in(agent_of(shop)), case, "withdraw")

    assert "Nothing is being stopped for this case." in page
    assert not Errand.objects.exists()


def test_only_what_failed_is_tried_again(courier, commits):
    errand = failed_read(courier, commits, own_shop())
    Errand.objects.filter(pk=errand.pk).update(state="done")

    with pytest.raises(Refused) as refusal, transaction.atomic():
        errands.retry(errand, by=None)

    assert (refusal.value.code, Errand.objects.get().state) == ("ERRAND", "done")


def test_a_fault_of_ours_is_said_and_may_be_tried_again(courier, commits):
    package = make_package("zto", shop=own_shop(), is_checked=False)
    courier.on(TRACK, lambda call: RuntimeError("a bug"))

    with commits():
        errand = errands.submit("parcel.refresh", package, by=None)
    errand.refresh_from_db()

    assert (errand.state, errand.code) == ("failed", "FAULT")
    assert errand.words == "系统出错，已记入日志，请重试。"


def test_a_lost_message_is_found_by_the_sweep(courier, monkeypatch):
    woken = []
    package = make_package("zto", shop=own_shop(), is_checked=False)
    errand = errands.submit("parcel.refresh", package, by=None)  # the commit, and with it the wake-up, never comes
    monkeypatch.setattr(errands, "wake_now", lambda name, **kwargs: woken.append((name, kwargs)))

    early = errands.sweep()
    Errand.objects.update(due_at=now())

    assert (early, errands.sweep()) == (0, 1)
    assert woken == [("logistics.run_errand", {"errand_id": errand.pk})]


def test_a_worker_that_died_is_followed_by_another_and_the_third_death_ends_it(courier):
    package = make_package("zto", shop=own_shop(), is_checked=False)
    errand = errands.submit("parcel.refresh", package, by=None)
    courier.on(TRACK, down())
    Errand.objects.update(state="running", starts=1, due_at=now() + errands.LEASE)
    errands.run(errand.pk)
    held = courier.count(TRACK)
    Errand.objects.update(starts=3, due_at=now())

    errands.run(errand.pk)
    errand.refresh_from_db()

    assert (held, courier.count(TRACK)) == (0, 0)
    assert (errand.state, errand.code) == ("failed", "FAULT")


def test_a_page_that_waits_is_told_when_it_is_over(courier, commits, sign_in):
    shop = own_shop()
    client = sign_in(agent_of(shop))
    errand = errands.submit("parcel.refresh", make_package("zto", shop=shop, is_checked=False), by=None)
    address = f"{reverse('errands_over')}?number={errand.number}"
    courier.on(TRACK, down())

    waiting = client.get(address)
    errands.run(errand.pk)
    over = client.get(address)

    assert (waiting.status_code, waiting.get("HX-Refresh")) == (204, None)
    assert (over.status_code, over.get("HX-Refresh")) == (204, "true")


def test_the_live_panel_is_drawn_anew_when_it_ends(platform, courier, commits, sign_in):
    shop = own_shop()
    agent = agent_of(shop)
    case, client = running_case(platform, courier, commits, shop, agent), sign_in(agent)
    courier.on(CANCEL, down())
    press(client, case, "withdraw")
    before = client.get(reverse("desk_case", args=[shop.pk, case.number])).context["act"].stamp
    opened = {"open": f"case/{shop.pk}/{case.number}", "stamp": before}

    errands.run(Errand.objects.get().pk)
    answer = client.get(reverse("desk_pulse"), opened).content.decode()

    assert "The courier did not answer; the interception goes on. Try again." in " ".join(answer.split())


def test_what_failed_stands_on_the_page_of_operations(courier, commits, sign_in):
    shop = own_shop()
    failed_read(courier, commits, shop)

    page = " ".join(sign_in(make_user("owner", shop)).get(reverse("ops")).content.decode().split())

    assert "Asked outside, and failed" in page
    assert "Read the track again" in page


def test_a_program_hears_the_end_of_what_it_asked_for_and_of_nothing_else(courier, commits):
    shop = own_shop()
    owner = make_user("owner", shop)
    package = make_package("zto", shop=shop, is_checked=False)
    courier.on(TRACK, down())
    failed_read(courier, commits, shop, by=agent_of(shop))
    client = program(owner, shop)

    with commits():
        asked = client.tell(f"/api/v1/parcels/{shop.pk}/zto/{package.waybill}/refresh/")
    [row] = client.get("/api/v1/errands/").json()["results"]
    elsewhere = make_shop()
    stranger = program(make_user("owner", elsewhere), elsewhere)

    assert (asked.status_code, asked.json()["state"], asked.json()["kind"]) == (202, "waiting", "parcel.refresh")
    assert (row["number"], row["state"], row["code"]) == (asked.json()["number"], "failed", "E12")
    assert row["words"] == "The courier could not be asked where the parcel is; try again in a moment."
    assert stranger.get(f"/api/v1/errands/{shop.pk}/{row['number']}/").status_code == 404


def test_nobody_of_another_shop_tries_it_again(courier, commits, sign_in):
    errand = failed_read(courier, commits, own_shop())

    answer = sign_in(make_user("owner", make_shop())).post(
        reverse("errand_retry", args=[errand.shop_id, errand.number])
    )

    assert (answer.status_code, Errand.objects.get().state) == (404, "failed")

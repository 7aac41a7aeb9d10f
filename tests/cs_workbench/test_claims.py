"""Claims as people work them: the queues with clocks, one claim's page and verbs, the damage rate, the courier's bill."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.returns import damage
from aftersales.returns import services as returns
from aftersales.returns.models import Inspection
from cs_workbench.interceptions import queues
from logistics.claims import services as claims
from logistics.claims import sweeps
from logistics.claims.models import Claim
from logistics.interception import services as interceptions
from logistics.interception import transitions
from merchant.clock import SHANGHAI, now
from merchant.ledger import services as ledger
from merchant.locking import lock
from tests.aftersales.factories import case_of, intercepting, own_shop, package_of, stop
from tests.cs_workbench.homecoming import cost, inspected, photos
from tests.logistics.factories import make_package, running
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


def stopped(package=None):
    return interceptions.succeed_interception(running(package), by=None, evidence="status")


def moved(row, verb):
    with transaction.atomic():
        return getattr(transitions, verb)(lock(row))


def post(client, claim, verb, **sent):
    return client.post(reverse("claim_verb", args=[claim.shop_id, claim.number, verb]), sent, follow=True)


def damaged_claim(shop=None):
    package = stopped(make_package(shop=shop)).package
    cost(package, 45_000)
    inspected(package, defective=1)
    return Claim.objects.get(package=package)


@pytest.mark.req("R0.11")
def test_a_broken_parcel_is_claimed_paid_and_the_rest_is_a_loss(sign_in):
    """S14, over the pages."""
    claim = damaged_claim()
    agent, finance = (sign_in(make_user(role, claim.shop)) for role in ("agent", "finance"))
    assert (claim.cause, claim.loss_fen, claim.claimed_fen, claim.state) == ("damaged", 45_000, 30_000, "draft")
    assert timedelta(hours=71) < claim.due_at - now() <= timedelta(hours=72)

    post(agent, claim, "file", through="portal", reference="GD-20261124")
    post(agent, claim, "accept", agreed="300")
    page = post(finance, claim, "pay", paid="300.00", through="transfer", reference="B-1")

    claim.refresh_from_db()
    assert (claim.state, claim.paid_fen, claim.courier_reference) == ("paid", 30_000, "GD-20261124")
    assert "A loss of ¥150.00 stays with the shop." in page.content.decode()
    found = ledger.balances(claim.shop, order_number=claim.order_number)
    assert (found["loss"], found["courier_receipts"], found["goods"]) == (15_000, 30_000, -45_000)
    assert "claims_receivable" not in found


def test_a_refused_verb_says_why_and_changes_nothing(sign_in):
    claim = damaged_claim()
    client = sign_in(make_user("finance", claim.shop))

    page = client.get(reverse("claim_detail", args=[claim.shop_id, claim.number])).content.decode()
    answer = post(client, claim, "file", through="portal", reference="GD-1").content.decode()

    sentence = "Your role does not include this: file a claim on a courier."
    assert (page.count(sentence), answer.count(sentence)) == (1, 2)
    assert 'aria-describedby="no-file"' in page
    claim.refresh_from_db()
    assert claim.state == "draft"


@pytest.mark.parametrize(
    ("verb", "sent"),
    [
        ("edit", {"loss": "1e999999", "basis": "other"}),
        ("edit", {"loss": "-5", "basis": "other"}),
        ("edit", {"loss": "450", "basis": "guess"}),
        ("edit", {"loss": "450", "basis": "other", "insured": "x"}),
        ("file", {"through": "portal", "reference": ""}),
        ("photos", {}),
        ("accept", {"agreed": "1"}),
        ("withdraw", {"reason": "no"}),
    ],
)
def test_a_form_that_cannot_be_is_refused_in_words(sign_in, verb, sent):
    claim = damaged_claim()
    before = Claim.objects.values().get()

    page = post(sign_in(make_user("agent", claim.shop)), claim, verb, **sent)

    assert page.status_code == 200
    assert 'class="toast' in page.content.decode() or "message" in page.content.decode()
    assert Claim.objects.values().get() == before


def test_an_insured_parcel_and_its_photos_are_entered_on_the_page(sign_in):
    package = stopped().package
    agent = sign_in(make_user("agent", package.shop))
    agent.post(
        reverse("claim_draft"),
        {
            "shop": package.shop_id,
            "waybill": package.waybill,
            "cause": "damaged",
            "loss": "450",
            "basis": "goods_cost",
            "note": "碗碎了",
        },
    )
    claim = Claim.objects.get()

    post(agent, claim, "edit", loss="450", basis="goods_cost", insured="500", note="碗碎了")
    post(agent, claim, "photos", photos=photos(2))

    claim.refresh_from_db()
    assert (claim.claimed_fen, claim.insured_fen, claim.note) == (45_000, 50_000, "碗碎了")
    page = agent.get(reverse("claim_detail", args=[claim.shop_id, claim.number])).content.decode()
    assert page.count("/thumb/") == 2
    assert "Inspect the parcel first" in page


def test_the_list_reads_by_clock_and_by_filter_and_costs_the_same_for_one_row_and_three(sign_in):
    shop = make_shop()
    client = sign_in(make_user("agent", shop))
    counts = []
    for total in (1, 3):
        while Claim.objects.count() < total:
            damaged_claim(shop)
        with CaptureQueriesContext(
            connection,
        ) as ran:
            page = client.get(reverse("claims"))
        counts.append(len(ran))
    body = page.content.decode()
    rows = list(Claim.objects.order_by("due_at"))

    assert counts[0] + 4 >= counts[1]
    assert [body.index(row.number) for row in rows] == sorted(body.index(row.number) for row in rows)
    month = f"{now().astimezone(SHANGHAI):%Y-%m}"
    for query, seen in (
        (f"?tab=all&courier=zto&month={month}&cause=damaged", 3),
        ("?tab=all&courier=yto", 0),
        ("?tab=all&month=2020-01", 0),
        ("?tab=over", 0),
        ("?tab=²&month=9999-99&after=x-y", 3),
    ):
        body = client.get(reverse("claims") + query).content.decode()
        assert (query, sum(row.number in body for row in rows)) == (query, seen)


def test_the_list_goes_on_page_after_page(sign_in, monkeypatch):
    monkeypatch.setattr("logistics.claims.lists.SIZE", 2)
    shop = make_shop()
    for _n in range(3):
        damaged_claim(shop)
    client = sign_in(make_user("agent", shop))

    first = client.get(reverse("claims") + "?tab=file")
    second = client.get(reverse("claims") + f"?tab=file&after={first.context['next_key']}")

    pages = [[line["claim"].pk for line in page.context["rows"]] for page in (first, second)]
    assert pages == [[row.pk for row in Claim.objects.order_by("due_at")][:2], [Claim.objects.latest("due_at").pk]]
    assert second.context["next_key"] == ""


def test_another_shop_s_claims_are_not_there(sign_in):
    claim = damaged_claim()
    client = sign_in(make_user("owner", make_shop()))

    assert claim.number not in client.get(reverse("claims") + "?tab=all").content.decode()
    assert client.get(reverse("claim_detail", args=[claim.shop_id, claim.number])).status_code == 404
    assert client.post(reverse("claim_draft"), {"shop": claim.shop_id}).status_code == 404
    assert Claim.objects.count() == 1


# --- goods on their way home ------------------------------------------------------------------------------------------


def standing(user):
    return {
        queue.name: [line.row.pk for line in queues.page(user, queue, "")[0] if line.row is not None]
        for queue in queues.QUEUES
        if queues.counts(user)[queue.name]
    }


def test_refunded_goods_stand_in_a_queue_until_they_are_home(platform, commits, sign_in):
    case = case_of(platform)
    shop = case.shop
    intercepting(case)
    with commits():
        stop(case)
    agent = make_user("agent", shop)
    row = case_and_refresh(case).interception

    assert standing(agent) == {"away": [row.pk]}
    with commits():
        returns.receive_parcel(package_of(case), by=make_user("warehouse", shop))
    assert standing(agent) == {"inspect": [row.pk]}


def case_and_refresh(case):
    case.refresh_from_db()
    return case


def test_a_stop_without_a_refund_is_not_among_the_refunded():
    row = stopped()

    assert standing(make_user("agent", row.shop)) == {}


def test_what_is_lost_or_delivered_after_all_stands_where_its_next_step_is(sign_in):
    shop = make_shop()
    lost, given = stopped(make_package(shop=shop)), stopped(make_package(shop=shop))
    moved(lost, "suspect_loss")
    moved(given, "deliver_anyway")
    sweeps.sweep_claims()
    agent = make_user("agent", shop)
    client = sign_in(agent)

    assert standing(agent) == {"delivered": [given.pk], "lost": [lost.pk]}
    page = client.get(reverse("interception_queues") + "?tab=lost").content.decode()
    assert "Give up as lost" in page
    assert "Your role does not include this: receive and inspect parcels, restock." in page
    assert "File the claim" in client.get(reverse("interception_queues") + "?tab=delivered").content.decode()

    claims.give_up_claim(Claim.objects.get(interception=given), by=None, reason="small")
    client.post(reverse("interception_verb", args=[shop.pk, lost.number, "give-up"]), {"reason": "not found"})
    assert standing(agent) == {}


def test_a_case_withdrawn_while_its_parcel_is_stopped_asks_what_becomes_of_the_parcel(platform, commits, sign_in):
    from aftersales.decisions import services as cases

    case = case_of(platform, own_shop())
    row = intercepting(case)
    with commits():
        cases.withdraw_case(case_and_refresh(case), by=None)
    agent = make_user("agent", case.shop)

    page = sign_in(agent).get(reverse("interception_queues"))

    assert standing(agent) == {"without-case": [row.pk]}
    assert "Decide on the workbench" in page.content.decode()
    assert [entry["line"].due_at for entry in page.context["rows"]] == [case_and_refresh(case).due_at]


def test_every_queue_is_empty_in_words_and_bears_any_key(sign_in):
    client = sign_in(make_user("agent", make_shop()))

    for queue in queues.QUEUES:
        for after in ("", "x", "²-1", "99999999999999999999-1"):
            page = client.get(reverse("interception_queues"), {"tab": queue.name, "after": after})
            assert (page.status_code, str(queue.empty) in page.content.decode()) == (200, True)


# --- the damage rate --------------------------------------------------------------------------------------------------


@pytest.mark.req("R0.12")
def test_the_damage_rate_shows_stopped_beside_returned_by_courier_and_month(sign_in):
    shop = make_shop()
    for broken in (1, 0, 0, 0):
        package = stopped(make_package(shop=shop)).package
        cost(package, 45_000)
        inspected(package, defective=broken)
    refused = make_package("yto", shop=shop, state="refused")
    inspected(refused, defective=1)
    claim = Claim.objects.get(courier="zto")
    claims.file_claim(claim, by=None, through="portal", reference="GD-1")
    claims.accept_claim(claim, by=None, agreed_fen=30_000)
    claims.book_payment(claim, by=None, paid_fen=30_000, through="transfer")
    # All of it in one month, whenever this runs.
    day = now() - timedelta(days=31)
    Inspection.objects.update(done_at=day)
    Claim.objects.update(created_at=day)
    client = sign_in(make_user("owner", shop))

    page = client.get(reverse("damage_rate"))

    month = f"{day.astimezone(SHANGHAI):%Y-%m}"
    zto, yto = page.context["lines"]
    assert (zto.courier, zto.month, zto.stopped, zto.returned) == ("zto", month, damage.Side(4, 1), damage.Side())
    assert (zto.stopped.rate_text, zto.claims, zto.claimed_fen, zto.paid_fen, zto.loss_fen) == (
        "25.0%",
        1,
        30_000,
        30_000,
        15_000,
    )
    assert (yto.courier, yto.stopped, yto.returned, yto.returned.rate_text) == (
        "yto",
        damage.Side(),
        damage.Side(1, 1),
        "100.0%",
    )
    for query, seen in (("kind=stopped&courier=zto", 4), ("kind=stopped&only=damaged", 1), ("kind=returned", 1)):
        rows = client.get(f"{reverse('damage_rate')}?{query}&month={month}").context["rows"]
        assert (query, len(rows)) == (query, seen)
    assert len(client.get(f"{reverse('damage_rate')}?kind=²&month=²").context["rows"]) == 0


def test_the_damage_rate_says_no_data_where_there_is_none_and_shows_no_other_shop_s(sign_in):
    damaged_claim()
    page = sign_in(make_user("owner", make_shop())).get(reverse("damage_rate"))

    assert page.context["lines"] == []
    assert "No data: no parcel that came home has been inspected in these months." in page.content.decode()


# --- the courier's bill -----------------------------------------------------------------------------------------------


def test_finance_enters_the_bill_on_the_interception_s_page(sign_in):
    row = stopped()
    inspected(row.package, defective=0)
    finance = sign_in(make_user("finance", row.shop))
    address = reverse("interception_bill", args=[row.shop_id, row.number])

    assert (
        "Enter the courier&#x27;s bill"
        in finance.get(reverse("interception_detail", args=[row.shop_id, row.number])).content.decode()
    )
    finance.post(address, {"fee": "2.00", "freight": "7", "reference": "Z-2611"})
    finance.post(address, {"fee": "x", "freight": "7"})

    row.refresh_from_db()
    assert (row.fee_fen, row.freight_fen, row.is_cost_estimated) == (200, 700, False)
    assert ledger.balances(row.shop)["courier_cost"] == 900
    assert Inspection.objects.get().result == "fine"

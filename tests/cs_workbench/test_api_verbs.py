"""A program's day: what verbs of the API leave behind, with exact values. Who may press them is in test_api_doors."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from aftersales.cases.models import Case
from aftersales.refunds.models import Refund
from aftersales.returns.models import Inspection
from aftersales.returns.services import receive_parcel
from logistics.interception.models import Interception
from logistics.parcels.models import Package
from merchant.attachments.models import Attachment
from merchant.stock.models import Stock
from merchant.trail.models import Activity
from orders.buyers.models import Buyer
from orders.record.models import Order
from tests.aftersales.factories import case_of, own_shop, shipped_order
from tests.logistics.factories import make_package
from tests.logistics.wire import CREATE, ZTO_OK
from tests.merchant.api_client import program
from tests.merchant.factories import make_user, photo_upload
from tests.orders.factories import make_order
from tests.orders.test_importer import sheet

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return own_shop()


@pytest.fixture
def owner(shop):
    return make_user("owner", shop)


def url(row: Any, verb: str = "") -> str:
    noun = {"case": "cases", "interception": "interceptions", "refund": "refunds", "inspection": "inspections"}
    path = f"/api/v1/{noun[row._meta.model_name]}/{row.shop_id}/{row.number}/"
    return f"{path}{verb}/" if verb else path


def test_a_program_says_what_the_columns_of_a_file_are(shop, owner, django_capture_on_commit_callbacks):
    client = program(owner, shop)
    body = "内部单,哪天下的,货\nA1,04-30-22,茶\n".encode()
    with django_capture_on_commit_callbacks(execute=True):
        number = client.post("/api/v1/imports/", {"files": SimpleUploadedFile("a.csv", body)}).json()["number"]
    address = f"/api/v1/imports/{shop.pk}/{number}/"
    columns = {"内部单": "number", "哪天下的": "placed_at", "货": "title"}

    told = client.get(address).json()
    refused = client.tell(
        f"{address}columns/", {"title": "自家", "columns": {**columns, "内部单": ""}, "grain": "order"}
    )
    with django_capture_on_commit_callbacks(execute=True):
        client.tell(f"{address}columns/", {"title": "自家", "columns": columns, "grain": "order", "dates": "mdy"})

    assert (told["state"], told["sheets"]) == (
        "failed",
        [{"name": "a.csv", "columns": {"内部单": "", "哪天下的": "", "货": ""}}],
    )
    assert refused.json()["code"] == "COLUMNS"
    assert (client.get(address).json()["figures"], Order.objects.get(number="A1").placed_at.year) == (
        {"created": 1},
        2022,
    )


def test_an_open_case_is_found_and_agreed_and_its_refund_is_there(platform, shop, owner):
    case, client = case_of(platform, shop), program(owner, shop)

    [row] = client.get("/api/v1/cases/?open=true&mine=false").json()["results"]
    answer = client.tell(url(case, "agree"), {"version": row["version"], "reason": "no_reason"})

    assert (row["number"], row["state"], row["amount_fen"], row["version"]) == (case.number, "applied", 8800, 1)
    told = answer.json()
    assert (answer.status_code, told["state"], told["version"], told["assignee"]["id"]) == (
        200,
        "refunding",
        2,
        owner.pk,
    )
    [refund] = client.get(f"/api/v1/refunds/?case={case.number}").json()["results"]
    assert (refund["amount_fen"], refund["state"], refund["channel"], refund["created_by"]["id"]) == (
        8800,
        "approved",
        "wechat_pay",
        owner.pk,
    )
    assert client.get("/api/v1/cases/?open=true&state=applied").json()["results"] == []
    assert Activity.objects.get(verb="case.agree").by == owner


def test_a_decision_upon_an_older_version_is_refused_and_changes_nothing(platform, shop, owner):
    case = case_of(platform, shop)

    answer = program(owner, shop).tell(url(case, "agree"), {"version": 7})

    assert (answer.status_code, answer.json()["code"], answer.json()["extra"]) == (
        409,
        "E16",
        {"shown": 7, "version": 1},
    )
    assert (Case.objects.get().state, Refund.objects.count()) == ("applied", 0)


def test_above_a_person_s_limit_the_refund_waits_for_a_second_person(platform, shop, owner):
    agent, case = make_user("agent", shop), case_of(platform, shop, nets=(30_000,))
    program(agent, shop).tell(url(case, "agree"), {"version": 1})
    refund = Refund.objects.get()

    answer = program(owner, shop).tell(url(refund, "approve"))

    assert (answer.status_code, answer.json()["state"], answer.json()["approved_by"]["id"]) == (
        200,
        "approved",
        owner.pk,
    )


def test_a_parcel_is_stopped_from_its_case_and_the_attempt_can_be_followed(platform, courier, commits, shop, owner):
    case, client = case_of(platform, shop), program(owner, shop)
    courier.on(CREATE, ZTO_OK)

    with commits():
        answer = client.tell(url(case, "intercept"), {"version": 1}, **{"Idempotency-Key": "k-1"})
        again = client.tell(url(case, "intercept"), {"version": 1}, **{"Idempotency-Key": "k-1"})

    attempt = Interception.objects.get()
    assert (answer.json()["state"], answer.json()["interception"]) == ("intercepting", attempt.number)
    assert (again.json(), courier.count(CREATE)) == (answer.json(), 1)
    told = client.get(url(attempt)).json()
    assert (told["courier"], told["waybill"], told["order"]) == ("zto", attempt.waybill, case.order.number)


def test_a_refusal_carries_its_photos(platform, shop, owner):
    case = case_of(platform, shop)

    answer = program(owner, shop).post(
        url(case, "refuse"), {"version": 1, "reason": "used", "evidence": "拆封", "photos": [photo_upload()]}
    )

    assert (answer.status_code, answer.json()["state"]) == (200, "refused")
    case.refresh_from_db()
    assert case.refusal == {"reason": "used", "note": "", "evidence": {"note": "拆封", "files": ["photo.jpg"]}}
    assert Attachment.objects.get().purpose == "evidence"


def test_a_program_s_own_order_opens_a_case(platform, shop, owner):
    order, client = shipped_order(platform, shop), program(owner, shop)
    sent = {"order": order.number, "kind": "refund_only_shipped", "amount_fen": 5000, "reason": "少发一件"}

    answer = client.tell("/api/v1/cases/", sent)
    wrong = client.tell("/api/v1/cases/", {**sent, "kind": "refund_only_unshipped"})

    assert (answer.status_code, answer.json()["amount_fen"], answer.json()["opened_by"]) == (201, 5000, "agent")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "KIND")
    assert Case.objects.count() == 1


def test_a_case_is_handed_to_a_colleague_of_the_shop_only(platform, shop, owner):
    case, colleague = case_of(platform, shop), make_user("agent", shop)
    client = program(owner, shop)

    nobody = client.tell(url(case, "hand-over"), {"to": make_user("agent", own_shop()).pk, "reason": "休假"})
    answer = client.tell(url(case, "hand-over"), {"to": colleague.pk, "reason": "休假"})

    assert (nobody.status_code, nobody.json()["field"], nobody.json()["errors"][0]["code"]) == (
        400,
        "to",
        "does_not_exist",
    )
    assert (answer.status_code, answer.json()["assignee"]) == (
        200,
        {"id": colleague.pk, "username": colleague.username, "name": str(colleague)},
    )


def test_files_are_imported_and_the_job_says_how_far_it_is(platform, commits, shop, owner):
    client = program(owner, shop)

    with commits():
        taken = client.post("/api/v1/imports/", {"files": SimpleUploadedFile("a.csv", sheet(3))})

    number = taken.json()["number"]
    assert (taken.status_code, taken.json()["state"], taken.json()["refused_rows"]) == (202, "waiting", [])
    told = client.get(f"/api/v1/imports/{shop.pk}/{number}/").json()
    assert (told["state"], told["done"], told["total"], told["figures"]["created"]) == ("done", 3, 3, 3)
    assert Order.objects.filter(shop=shop).count() == 3


def test_a_parcel_comes_home_and_is_inspected(platform, shop):
    keeper = make_user("warehouse", shop)
    package = make_package(order=shipped_order(platform, shop, nets=(8800, 1200)), state="refused")
    client = program(keeper, shop)

    home = client.tell("/api/v1/returns/receive/", {"waybill": package.waybill})
    inspection = Inspection.objects.get()
    wanted = client.get(url(inspection)).json()["expected"]
    counts = [{"line": one["line"], "sellable": one["units"]} for one in wanted]
    short = client.tell(url(inspection, "finish"), {"counts": counts[:1]})
    done = client.tell(url(inspection, "finish"), {"counts": counts, "note": "完好"})
    twice = client.tell("/api/v1/returns/receive/", {"waybill": package.waybill})

    assert (home.status_code, home.json()["kind"], home.json()["inspection"]) == (200, "refused", inspection.number)
    assert (short.status_code, short.json()["code"], short.json()["field"]) == (
        409,
        "COUNT",
        f"line-{wanted[1]['line']}",
    )
    assert (done.status_code, done.json()["result"], len(done.json()["lines"])) == (200, "fine", 2)
    assert [row.on_hand for row in Stock.objects.order_by("pk")] == [1, 1]
    assert (twice.status_code, twice.json()["code"]) == (409, "RECEIVED")


def test_a_parcel_shows_its_track_and_its_order(platform, shop, owner):
    package = make_package(order=shipped_order(platform, shop), state="in_transit")

    told = program(owner, shop).get(f"/api/v1/parcels/{shop.pk}/zto/{package.waybill}/").json()

    assert (told["order"], told["state"], told["receiver_city"]) == (package.order.number, "in_transit", "杭州市")
    assert [(scan["status"], scan["city"]) for scan in told["scans"][:2]] == [
        ("in_transit", "杭州市"),
        ("picked_up", "上海市"),
    ]


def test_a_claim_is_drafted_in_fen_and_withdrawn(platform, shop, owner):
    package = make_package(order=shipped_order(platform, shop), state="in_transit")
    client = program(owner, shop)
    sent = {"waybill": package.waybill, "cause": "lost", "basis": "paid_by_buyer", "loss_fen": 8800, "note": "查无下落"}

    made = client.tell("/api/v1/claims/", sent)
    number = made.json()["number"]
    over = client.tell(f"/api/v1/claims/{shop.pk}/{number}/withdraw/", {"reason": "找到了"})

    assert (made.status_code, made.json()["loss_fen"], made.json()["state"]) == (201, 8800, "draft")
    assert (over.status_code, over.json()["state"], over.json()["ending"]) == (200, "closed", "no_loss")


def test_nothing_of_the_api_shows_a_person_in_plain(platform, shop, owner):
    case = case_of(platform, shop)
    receive_parcel(make_package(order=shipped_order(platform, shop), state="refused"), by=None)
    client, shown = program(owner, shop), ""
    for path in ("orders", "cases", "parcels", "returns", "inspections", "interceptions", "refunds", "claims"):
        shown += client.get(f"/api/v1/{path}/").content.decode()
    shown += client.get(url(case)).content.decode()
    shown += "".join(
        client.get(f"/api/v1/parcels/{shop.pk}/{one.courier}/{one.waybill}/").content.decode()
        for one in Package.objects.all()
    )

    assert ("林**" in shown, "*******1234" in shown) == (True, True)
    assert [word for word in ("林小满", "13900001234", "文一西路") if word in shown] == []


def test_an_address_is_changed_in_part_and_told_masked(shop, owner):
    order = make_order(shop, state="to_fulfil")

    answer = program(owner, shop).tell(
        f"/api/v1/orders/{shop.pk}/{order.number}/change-address/", {"phone": "13700005678", "reason": "买家来电"}
    )

    told = answer.json()
    assert (answer.status_code, told["recipient_phone"]) == (200, "*******5678")
    assert Activity.objects.get(verb="order.change_address").reason == "买家来电"


def test_a_wrong_phone_changes_no_address(shop, owner):
    order = make_order(shop, state="to_fulfil")

    answer = program(owner, shop).tell(f"/api/v1/orders/{shop.pk}/{order.number}/change-address/", {"phone": "1370"})

    assert (answer.status_code, answer.json()["code"]) == (409, "ADDRESS")
    assert Order.objects.get().recipient_id == order.recipient_id


def test_a_customer_is_given_to_a_colleague_and_to_everybody_again(shop, owner):
    agent, client = make_user("agent", shop), program(owner, shop)
    buyer = Buyer.objects.create(shop=shop, external_id="buyer-9", nickname="小满")
    address = f"/api/v1/customers/{shop.pk}/{buyer.pk}/account-owner/"

    given = client.tell(address, {"to": agent.pk, "reason": "老客户"})
    [kept] = client.get(f"/api/v1/customers/?account_owner={agent.pk}").json()["results"]
    freed = client.tell(address, {"to": None, "reason": "离职"})

    assert (given.json()["account_owner"]["id"], kept["external_id"]) == (agent.pk, "buyer-9")
    assert (freed.status_code, freed.json()["account_owner"]) == (200, None)

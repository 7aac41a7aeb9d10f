"""Douyin's client: what is signed is what is sent, every code has a class, every walk of a list meets each row once."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs

import httpx2
import pytest

from merchant.platforms import wire
from merchant.platforms.douyin import token as douyin_token
from merchant.platforms.douyin.client import DouyinClient
from merchant.platforms.douyin.signing import sign, sign_message
from merchant.platforms.errors import ErrorClass, PlatformError
from merchant.platforms.sandbox import accounts, douyin_rows
from merchant.platforms.sandbox.control import Control
from merchant.platforms.sandbox.douyin_wire import DouyinWire
from merchant.platforms.sandbox.journal import Journal
from merchant.platforms.sandbox.outbox import Outbox
from merchant.platforms.sandbox.wechat_wire import WeChatPayWire
from merchant.platforms.sandbox.world import World
from tests.merchant.factories import make_platform_account, make_shop

SECRETS = {"app_key": "demo-app", "app_secret": "demo-secret", "access_token": "demo-token"}
AFTERSALE = 7000000000000000001


def client(**secrets):
    return DouyinClient(SimpleNamespace(secrets={**SECRETS, **secrets}, app_key="demo-app"))


@pytest.fixture
def answers(monkeypatch, settings):
    """A wire of the test's own: put an answer, a list of answers or an exception into `.give`; `.requests` were sent."""
    settings.PLATFORM_HOSTS = {"douyin": "https://douyin.test"}
    log = SimpleNamespace(give={"code": 10000, "data": {}}, requests=[])

    def handle(request):
        log.requests.append(request)
        give = log.give.pop(0) if isinstance(log.give, list) else log.give
        if isinstance(give, Exception):
            raise give
        return give if isinstance(give, httpx2.Response) else httpx2.Response(200, text=json.dumps(give))

    monkeypatch.setattr(wire, "_client", lambda: httpx2.Client(transport=httpx2.MockTransport(handle)))
    return log


@pytest.fixture
def world(monkeypatch, settings):
    """The sandbox's Douyin in this process; `.control` makes things, `.pages` counts the lists that were asked for."""
    settings.PLATFORM_HOSTS = {"douyin": "https://douyin.test"}
    world = World(Journal())
    douyin = DouyinWire(world)
    found = SimpleNamespace(
        world=world, douyin=douyin, pages=0, control=Control(world, Outbox(world), WeChatPayWire(world))
    )

    def send(method, url, *, query, form, is_write, text=None):
        found.pages += "List" in url
        return json.dumps(douyin.answer(url.removeprefix("https://douyin.test"), query, text))

    monkeypatch.setattr(wire, "send", send)
    found.client = DouyinClient(SimpleNamespace(secrets=accounts.DOUYIN_SECRETS, app_key=accounts.DOUYIN_APP_KEY))
    return found


def refund(world, **more):
    order = {"total_fee": 8800, "waybill": "73100000000001", "app_key": accounts.DOUYIN_APP_KEY, **more}
    return str(world.control.add_refund(order=order, push=False)["refundId"])


# --- signatures -------------------------------------------------------------------------------------------------------


def test_the_published_vector_is_reproduced():
    text = '{"after_sale_id":7000000000000000001,"op_from":1}'

    signed = sign(
        "demo-app",
        "demo-secret",
        param_json=text,
        timestamp="1735689600",
        method="afterSale.applyLogisticsIntercept",
    )

    assert signed == "8bf967e386f8b464ef675be425b7feb46dbc89d92a51cf01c805d7521a99f4c3"


def test_a_call_of_the_platform_is_signed_without_method_and_version():
    # printf 'demo-secretapp_keydemo-appparam_json{"a":1}timestamp1735689600demo-secret' | openssl dgst -sha256 -hmac
    assert (
        sign("demo-app", "demo-secret", param_json='{"a":1}', timestamp="1735689600")
        == "5ada5eb22824990762ebcc1d232c3098ec2052518c93269211bd5590c0079c5f"
    )
    # printf 'demo-app[{"tag":"0"}]demo-secret' | openssl dgst -md5
    assert sign_message("demo-app", "demo-secret", b'[{"tag":"0"}]') == "2b108744eb993bcfa78c75f7986ba950"


def test_the_body_that_is_signed_is_the_body_that_is_sent_sorted_and_without_spaces(answers):
    client().call("afterSale.operate", {"type": 1, "items": [{"remark": "拒绝", "aftersale_id": "7"}]}, is_write=True)

    request = answers.requests[0]
    query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
    body = request.read().decode()
    assert (request.method, str(request.url).split("?")[0]) == ("POST", "https://douyin.test/afterSale/operate")
    assert body == '{"items":[{"aftersale_id":"7","remark":"拒绝"}],"type":1}'
    assert query == {
        "app_key": "demo-app",
        "method": "afterSale.operate",
        "access_token": "demo-token",
        "timestamp": query["timestamp"],
        "v": "2",
        "sign_method": "hmac-sha256",
        "sign": sign(
            "demo-app", "demo-secret", param_json=body, timestamp=query["timestamp"], method="afterSale.operate"
        ),
    }


# --- errors -----------------------------------------------------------------------------------------------------------

CODES = [
    (20000, "isp.service-error:10002", "transient", True),
    (20001, "", "transient", True),
    (30001, "isv.app-permissions-insufficient", "permission", False),
    (30001, "dop.authorization-no-existed", "auth", False),
    (40003, "isv.access-token-expired", "auth", False),
    (40003, "isv.signature-invalid", "auth", False),
    (40003, "isv.timestamp-invalid", "bad_request", False),
    (40004, "isv.parameter-invalid:11000", "bad_request", False),
    (40004, "isv.parameter-invalid:11003", "not_found", False),
    (20000, "isp.service-error:10000", "not_found", False),
    (50001, "dop.token-generate-failed:token-expired", "auth", False),
    (50002, "isv.business-failed:11001", "by_hand", False),
    (50002, "isv.business-failed:20309541", "changed", False),
    (50002, "isv.business-failed:11005", "not_allowed", False),
    (60000, "", "throttled", False),
    # D3: no table names these, so a decision that got them may have been carried out.
    (50002, "isv.business-failed:99999", "transient", True),
    (90000, "isp.unknown-error", "transient", True),
]


@pytest.mark.parametrize(("code", "sub_code", "error_class", "is_unknown"), CODES)
def test_every_code_has_its_class_and_only_what_no_table_names_leaves_a_decision_unknown(
    answers, code, sub_code, error_class, is_unknown
):
    answers.give = {"code": code, "msg": "不行", "sub_code": sub_code, "sub_msg": "为什么"}

    with pytest.raises(PlatformError) as read:
        client().call("afterSale.Detail", {})
    with pytest.raises(PlatformError) as write:
        client().call("afterSale.operate", {}, is_write=True)

    assert (read.value.error_class, read.value.code, read.value.message) == (
        error_class,
        sub_code or str(code),
        "为什么",
    )
    assert (read.value.is_unknown_outcome, write.value.is_unknown_outcome) == (False, is_unknown)


def test_d2_a_short_balance_is_known_by_its_words(answers):
    answers.give = {"code": 50002, "sub_code": "isv.business-failed:11005", "sub_msg": "店铺账户余额不足"}

    with pytest.raises(PlatformError) as refused:
        client().call("afterSale.operate", {}, is_write=True)

    assert (refused.value.error_class, refused.value.is_unknown_outcome) == (ErrorClass.NOT_ENOUGH, False)


@pytest.mark.parametrize(
    "give",
    [httpx2.Response(502, text="<html>"), httpx2.Response(200, text="<html>"), {"ok": 1}, httpx2.ReadTimeout("")],
)
def test_no_readable_answer_leaves_a_decision_unknown_and_a_question_unanswered(answers, give):
    answers.give = give

    with pytest.raises(PlatformError) as write:
        client().call("afterSale.operate", {}, is_write=True)
    with pytest.raises(PlatformError) as read:
        client().call("afterSale.Detail", {})

    assert (write.value.error_class, write.value.is_unknown_outcome) == (ErrorClass.TRANSIENT, True)
    assert (read.value.error_class, read.value.is_unknown_outcome) == (ErrorClass.TRANSIENT, False)


def test_a_connection_that_was_never_made_decided_nothing(answers):
    answers.give = httpx2.ConnectError("")

    with pytest.raises(PlatformError) as write:
        client().call("afterSale.operate", {}, is_write=True)

    assert (write.value.error_class, write.value.is_unknown_outcome) == (ErrorClass.TRANSIENT, False)


@pytest.mark.parametrize("missing", ["app_secret", "access_token"])
def test_missing_credentials_are_said_before_anything_is_sent(answers, missing):
    with pytest.raises(PlatformError) as refused:
        client(**{missing: ""}).call("afterSale.Detail", {})

    assert (refused.value.error_class, answers.requests) == (ErrorClass.AUTH, [])


def test_d1_without_the_type_in_the_account_s_settings_nothing_is_decided(world):
    refund_id = refund(world)
    world.client.account.secrets = {
        name: value for name, value in accounts.DOUYIN_SECRETS.items() if not name.endswith("_type")
    }

    with pytest.raises(PlatformError) as refused:
        world.client.approve_refund(world.client.refund_detail(refund_id))

    assert (refused.value.error_class, refused.value.code) == (ErrorClass.BY_HAND, "TYPE_SETTING")
    assert (world.world.refunds[refund_id]["status"], world.world.refunds[refund_id].get("asked", 0)) == (10, 0)


# --- reading ----------------------------------------------------------------------------------------------------------


def test_list_and_detail_of_one_after_sale_say_the_same(world):
    refund_id = refund(world)
    at = datetime.now(UTC)

    listed = next(world.client.refund_list(at - timedelta(hours=1), at))
    detail = world.client.refund_detail(refund_id)

    for snapshot in (listed, detail):
        assert (snapshot.refund_id, snapshot.status, snapshot.kind, snapshot.money) == (refund_id, 6, 1, 1)
        assert (snapshot.refund_fee, snapshot.reason, snapshot.waits_for_seller) == (8800, "不想要了", True)
    assert (listed.oid, listed.version, listed.line_ids) == (detail.oid, detail.version, detail.line_ids)
    assert len(detail.line_ids) == 1


def test_the_list_calls_an_exchange_under_way_three_and_so_do_we_not():
    row = {
        "aftersale_info": {
            "aftersale_id": "1", "aftersale_type": 3, "aftersale_status": 3, "refund_amount": 0, "update_time": 9,
        },
        "order_info": {"shop_order_id": "2"},
    }  # fmt: skip
    from merchant.platforms.douyin.snapshots import Status, read_list_item

    assert read_list_item(row).status == Status.WAIT_BUYER_RECEIVE


@pytest.mark.parametrize("missing", ["refund_amount", "aftersale_status", "update_time"])
def test_an_amount_status_or_version_that_is_missing_is_never_taken_for_zero(world, missing):
    from merchant.platforms.douyin.snapshots import read_list_item

    refund_id = refund(world)
    row = world.world.refunds[refund_id]
    item = douyin_rows.list_item(row, world.world.orders[str(row["oid"])])
    del item["aftersale_info"][missing]

    with pytest.raises(ValueError, match=missing):
        read_list_item(item)


def test_d4_a_walk_meets_every_row_once_through_pages_and_crowded_seconds(world):
    numbers = [refund(world) for _ in range(250)]
    second = world.world.refunds[numbers[0]]["updateTime"] // 1000
    # 120 in one second (more than a page), the rest spread over the minute before.
    for position, number in enumerate(numbers):
        at = second * 1000 if position < 120 else (second - position) * 1000
        world.world.refunds[number]["updateTime"] = at
    end = datetime.fromtimestamp(second, UTC)

    met = [row.refund_id for row in world.client.refund_list(end - timedelta(hours=1), end)]

    assert (len(met), set(met)) == (250, set(numbers))
    assert world.pages <= 6


def test_a_row_that_changes_during_the_walk_makes_it_skip_nobody(world):
    numbers = [refund(world) for _ in range(150)]
    start = world.world.refunds[numbers[0]]["updateTime"] // 1000 - 500
    for position, number in enumerate(numbers):
        world.world.refunds[number]["updateTime"] = (start + position) * 1000
    end = datetime.fromtimestamp(start + 200, UTC)

    met = []
    for row in world.client.refund_list(end - timedelta(hours=1), end):
        met.append(row.refund_id)
        if len(met) == 50:
            # The first ten change now and leave the span: everybody behind them moves up by ten.
            for number in numbers[:10]:
                world.world.refunds[number]["updateTime"] = (start + 400) * 1000

    assert met == numbers


def test_the_list_must_be_sorted_by_what_is_walked(world):
    refund(world)

    with pytest.raises(PlatformError) as refused:
        world.client.call(
            "afterSale.List", {"update_start_time": 1, "update_end_time": 2, "page": 0, "size": 100, "order_by": []}
        )

    assert refused.value.error_class == ErrorClass.BAD_REQUEST


def test_an_order_is_read_with_its_goods_and_parcels(world):
    refund_id = refund(world, express_fee=800, item={"title": "收纳箱", "num": 2, "price": 4000, "order_item_id": 77})

    order = world.client.order_detail(world.client.refund_detail(refund_id).oid)

    item, parcel = order.items[0], order.parcels[0]
    assert (order.status, order.total_fee, order.express_fee, order.city) == (3, 8800, 800, "杭州市")
    assert (item.order_item_id, item.title, item.quantity, item.pay_fee, item.post_fee) == (
        "77",
        "收纳箱",
        2,
        8800,
        800,
    )
    assert (parcel.company, parcel.express_no, parcel.line_ids) == ("zhongtong", "73100000000001", ("77",))


def test_orders_are_walked_page_by_page_from_where_one_left_off(world):
    numbers = {str(world.control.add_order(total_fee=8800, app_key=accounts.DOUYIN_APP_KEY)["oid"]) for _ in range(130)}
    end = datetime.now(UTC) + timedelta(seconds=1)

    pages = list(world.client.order_pages(end - timedelta(days=1), end))
    rest = list(world.client.order_pages(end - timedelta(days=1), end, pages[0].cursor))

    assert {order.oid for page in pages for order in page.orders} == numbers
    assert [len(page.orders) for page in rest] == [len(page.orders) for page in pages[1:]]
    assert pages[-1].cursor == ""


def test_another_shop_s_after_sale_is_not_shown(world):
    refund_id = refund(world)
    world.client.account.secrets = accounts.OTHER_DOUYIN_SECRETS

    with pytest.raises(PlatformError) as refused:
        world.client.refund_detail(refund_id)

    assert refused.value.error_class == ErrorClass.NOT_FOUND


# --- deciding ---------------------------------------------------------------------------------------------------------


def test_agreeing_to_a_stale_version_is_refused_and_nothing_is_paid(world):
    refund_id = refund(world)
    old = world.client.refund_detail(refund_id)
    world.world.refunds[refund_id]["updateTime"] += 2000

    with pytest.raises(PlatformError) as refused:
        world.client.approve_refund(old)

    assert refused.value.error_class == ErrorClass.CHANGED
    assert (world.world.refunds[refund_id]["status"], len(world.world.payments)) == (10, 0)


def test_a_refusal_carries_one_of_the_platform_s_reasons_and_none_that_needs_proof_uploaded_there(world):
    refund_id = refund(world)
    snapshot = world.client.refund_detail(refund_id)

    reasons = world.client.reject_reasons(refund_id)
    world.client.reject_refund(refund_id, reason_code=reasons[0][0], desc="已派送", refund_version=snapshot.version)

    row = world.world.refunds[refund_id]
    assert reasons == [(502, "商品已派送"), (503, "与买家协商一致")]
    assert (row["status"], row["sellerDisagreeReason"], row["sellerDisagreeDesc"]) == (12, 502, "已派送")
    assert world.client.refund_detail(refund_id).status == 27


def test_one_wrong_item_takes_all_of_its_call_with_it(world):
    good, bad = refund(world), refund(world)
    world.control.act(bad, "withdraw")
    items = [
        {"aftersale_id": number, "update_time": world.client.refund_detail(number).version} for number in (good, bad)
    ]

    with pytest.raises(PlatformError):
        world.client.call("afterSale.operate", {"type": 9101, "items": items}, is_write=True)

    assert (world.world.refunds[good]["status"], world.world.refunds[bad]["status"]) == (10, 70)


# --- tokens -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_d5_a_token_that_ran_out_is_renewed_once_kept_and_used(world):
    account = make_platform_account(
        make_shop("douyin"), "douyin", app_key=accounts.DOUYIN_APP_KEY, secrets=accounts.DOUYIN_SECRETS
    )
    refund_id = refund(world)
    world.douyin.expire_token(accounts.DOUYIN_APP_KEY)

    snapshot = DouyinClient(account, renew=douyin_token.renew).refund_detail(refund_id)

    account.refresh_from_db()
    pair = world.douyin.tokens(accounts.DOUYIN)
    assert snapshot.refund_id == refund_id
    assert (account.secrets["access_token"], account.secrets["refresh_token"]) == (
        pair["access_token"],
        pair["refresh_token"],
    )
    assert account.secrets["agree_refund_type"] == 9101


@pytest.mark.django_db
def test_a_token_somebody_else_renewed_is_taken_over_without_a_second_renewal(world):
    account = make_platform_account(
        make_shop("douyin"), "douyin", app_key=accounts.DOUYIN_APP_KEY, secrets=accounts.DOUYIN_SECRETS
    )
    stale = type(account).objects.get(pk=account.pk)
    refund_id = refund(world)
    world.douyin.expire_token(accounts.DOUYIN_APP_KEY)
    DouyinClient(account, renew=douyin_token.renew).refund_detail(refund_id)
    pair = world.douyin.tokens(accounts.DOUYIN)

    DouyinClient(stale, renew=douyin_token.renew).refund_detail(refund_id)

    assert world.douyin.tokens(accounts.DOUYIN) == pair


@pytest.mark.django_db
def test_a_refused_renewal_leaves_the_account_as_it_was_and_says_so(world):
    secrets = {**accounts.DOUYIN_SECRETS, "refresh_token": "wrong"}
    account = make_platform_account(make_shop("douyin"), "douyin", app_key=accounts.DOUYIN_APP_KEY, secrets=secrets)
    world.douyin.expire_token(accounts.DOUYIN_APP_KEY)

    with pytest.raises(PlatformError) as refused:
        DouyinClient(account, renew=douyin_token.renew).refund_detail(1)

    account.refresh_from_db()
    assert (refused.value.error_class, account.secrets) == (ErrorClass.AUTH, secrets)


# --- the sandbox as a process -----------------------------------------------------------------------------------------


def test_the_process_checks_the_signature_over_the_bytes_it_got(platform, douyin):
    made = platform.control("/refunds", {"order": {"total_fee": 8800, "app_key": accounts.DOUYIN_APP_KEY}})
    refund_id = str(made["refundId"])

    good = douyin.refund_detail(refund_id)
    query, text = douyin.signed("afterSale.Detail", {"after_sale_id": refund_id})
    answer = httpx2.post(f"{platform.url}/afterSale/Detail", params=query, content=text.replace(":", ": ").encode())

    assert good.refund_fee == 8800
    assert (answer.json()["code"], answer.json()["sub_code"]) == (40003, "isv.signature-invalid")


def test_a_decision_pays_once_and_shows_in_the_ledger(platform, douyin):
    platform.control("/faults", {"pay_delay_s": 0.1})
    made = platform.control("/refunds", {"order": {"total_fee": 8800, "app_key": accounts.DOUYIN_APP_KEY}})
    refund_id = str(made["refundId"])

    douyin.approve_refund(douyin.refund_detail(refund_id))
    with pytest.raises(PlatformError) as again:
        douyin.approve_refund(douyin.refund_detail(refund_id))
    deadline = datetime.now(UTC) + timedelta(seconds=5)
    while douyin.refund_detail(refund_id).money != 3 and datetime.now(UTC) < deadline:
        pass

    ledger = platform.control("/ledger")
    assert again.value.error_class == ErrorClass.CHANGED
    assert (douyin.refund_detail(refund_id).status, douyin.refund_detail(refund_id).paid_fee) == (12, 8800)
    assert {name: ledger["refunds"][refund_id][name] for name in ("times", "amount_fen", "channel", "asked", "accepted")} == {
        "times": 1, "amount_fen": 8800, "channel": "douyin", "asked": 2, "accepted": 1,
    }  # fmt: skip

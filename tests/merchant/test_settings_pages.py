"""The settings pages: agreement, accounts, rules, through the browser's door."""

import html
import re

import pytest
from django.contrib.messages import get_messages

from logistics.couriers import registry
from merchant.policy import services as policy
from merchant.policy.forms import PolicyForm
from merchant.policy.models import TIMER_COLUMNS, TIMERS, Policy
from merchant.shops import services
from merchant.shops.models import CourierAccount, PlatformAccount
from tests.merchant.factories import make_courier_account, make_platform_account, make_shop, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client):
    """English, so that a sentence here is the one in the code."""
    client.cookies["django_language"] = "en"
    return client


def words(answer):
    """The text of a page, tags out and blanks folded."""
    page = re.sub(r"(?s)<(script|style).*?</\1>", "", answer.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def told(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


PAGES = ["/settings/{shop}/agreement/", "/settings/{shop}/accounts/", "/settings/{shop}/policy/"]


@pytest.mark.parametrize("path", ["/settings/", *PAGES])
def test_every_settings_page_opens_for_everybody_in_the_shop(client, path):
    shop = make_shop()
    client.force_login(make_user("agent", shop))

    assert client.get(path.format(shop=shop.pk)).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_another_shops_settings_are_not_there(client, path):
    client.force_login(make_user("owner", make_shop()))

    assert client.get(path.format(shop=make_shop().pk)).status_code == 404


@pytest.mark.req("R0.16")
def test_an_owner_signs_on_the_page_and_reads_version_name_and_day(client):
    shop = make_shop(is_signed=False)
    owner = make_user("owner", shop, name="掌柜")
    client.force_login(owner)
    unsigned = words(client.get(f"/settings/{shop.pk}/agreement/"))

    answer = client.post(f"/settings/{shop.pk}/agreement/sign/")
    signed = words(client.get(answer["Location"]))

    agreement = services.agreement_in_force(shop)
    assert "Without it every interception of this shop is refused." in unsigned
    assert (agreement.signed_by, agreement.version) == (owner, "2023-06")
    assert re.search(r"Version 2023-06, signed by 掌柜 on \d{4}-\d\d-\d\d \d\d:\d\d\.", signed)
    assert "Sign version" not in signed


def test_an_agent_sees_who_signs_and_has_no_button(client):
    shop = make_shop(is_signed=False)
    client.force_login(make_user("agent", shop))

    page = words(client.get(f"/settings/{shop.pk}/agreement/"))
    forced = client.post(f"/settings/{shop.pk}/agreement/sign/")

    assert "Only the shop's owner signs." in page
    assert "Sign version" not in page
    assert told(forced) == ["Your role does not include this: sign agreements. Ask: Shop owner. [RIGHT]"]
    assert services.agreement_in_force(shop) is None


def test_an_owner_revokes_with_a_reason_and_not_without(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    agreement = services.agreement_in_force(shop)
    path = f"/settings/{shop.pk}/agreement/{agreement.pk}/revoke/"

    without = told(client.post(path, {"reason": "  "}))
    still = services.agreement_in_force(shop)
    with_one = told(client.post(path, {"reason": "换快递"}))

    assert (without, still) == (["Say why the agreement is revoked."], agreement)
    assert with_one[-1] == "Revoked: no new interception starts; those under way go on."
    assert services.agreement_in_force(shop) is None


def test_an_agreement_of_another_shop_cannot_be_revoked_through_ones_own(client):
    mine, other = make_shop(), make_shop()
    client.force_login(make_user("owner", mine))
    theirs = services.agreement_in_force(other)

    assert client.post(f"/settings/{other.pk}/agreement/{theirs.pk}/revoke/", {"reason": "x"}).status_code == 404
    assert client.post(f"/settings/{mine.pk}/agreement/{theirs.pk}/revoke/", {"reason": "x"}).status_code == 404
    assert services.agreement_in_force(other) == theirs


COURIER = {
    "name": "主账号",
    "courier": "zto",
    "customer_code": "ZTO-1",
    "has_ewaybill": "on",
    "rate_per_second": "20",
    "is_active": "on",
    "intercept_fee": "3.50",
    "back_freight": "4.5",
    "secret-app_key": "k",
    "secret-app_secret": "very-secret",
}


KUAIDI100 = {
    "secret-app_key": "",
    "secret-app_secret": "",
    "secret-key": "k",
    "secret-customer": "c",
    "secret-salt": "s",
}


def test_an_owner_adds_a_courier_account_and_nobody_reads_the_secret_again(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))

    answer = client.post(f"/settings/{shop.pk}/accounts/courier/add/", COURIER)

    account = CourierAccount.objects.get(shop=shop)
    pages = [client.get(answer["Location"]), client.get(f"/settings/{shop.pk}/accounts/courier/{account.pk}/")]
    assert (account.secrets, account.rate_card) == (
        {"app_key": "k", "app_secret": "very-secret"},
        {"intercept_fee_fen": 350, "back_freight_fen": 450},
    )
    assert [page.status_code for page in pages] == [200, 200]
    assert [page for page in pages if "very-secret" in page.content.decode()] == []
    assert f"/push/courier/{account.push_token}/" in pages[0].content.decode()


def test_couriers_are_offered_that_somebody_speaks_with(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    path = f"/settings/{shop.pk}/accounts/courier/add/"

    offered = re.findall(r'<option value="(\w+)"', client.get(path).content.decode())
    forced = client.post(path, {**COURIER, "courier": "ems"})
    unheard_of = client.post(path, {**COURIER, "courier": "dhl", "via": "kuaidi100"})

    assert (offered[:6], offered[-1]) == (["zto", "yto", "sto", "jt", "sf", "yunda"], "kuaidi100")
    assert {"ems", "jd", "yz", "db", "best"} < set(offered)
    assert (forced.status_code, unheard_of.status_code, shop.courier_accounts.count()) == (422, 422, 0)
    assert "We do not speak with this courier ourselves: ask it through another." in words(forced)


def test_a_courier_that_nobody_stops_is_followed_through_kuaidi100(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    asked = "courier=yunda&via=kuaidi100"
    path = f"/settings/{shop.pk}/accounts/courier/add/?{asked}"

    page = client.get(path, headers={"accept-language": "en"}).content.decode()
    client.post(path, {**COURIER, **KUAIDI100, "courier": "yunda", "via": "kuaidi100"})

    account = CourierAccount.objects.get(shop=shop)
    assert "Kuaidi100 does not stop this courier&#x27;s parcels for us." in page
    assert (account.courier, account.via, account.secrets["key"]) == ("yunda", "kuaidi100", "k")


@pytest.mark.parametrize(
    ("courier", "boxes"),
    [
        ("zto", ["app_key", "app_secret", "digest", "encoding", "secret_key", "with_timestamp", "phone_last4"]),
        ("jt", ["api_account", "private_key", "uuid"]),
    ],
)
def test_each_credential_has_a_box_of_its_own(client, courier, boxes):
    shop = make_shop()
    client.force_login(make_user("owner", shop))

    page = client.get(f"/settings/{shop.pk}/accounts/courier/add/?courier={courier}").content.decode()

    assert re.findall(r'name="secret-([\w.]+)"', page) == boxes
    assert len(re.findall(r'type="password"', page)) == sum(name.endswith(("secret", "_key")) for name in boxes) - (
        courier == "zto"
    )


def test_a_secret_is_not_shown_again_beside_an_error(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))

    answer = client.post(f"/settings/{shop.pk}/accounts/courier/add/", {**COURIER, "intercept_fee": "x"})

    assert (answer.status_code, "very-secret" in answer.content.decode()) == (422, False)


def test_credentials_of_each_interface_are_kept_apart(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    wanted = [secret for secret in registry.get("yto").secrets if secret.is_required]
    told = {f"secret-{secret.name}": f"value of {secret.name}" for secret in wanted}

    client.post(f"/settings/{shop.pk}/accounts/courier/add/", {**COURIER, **told, "courier": "yto"})

    kept = CourierAccount.objects.get(shop=shop).secrets
    assert kept["push"] == {"client_id": "value of push.client_id", "secret": "value of push.secret"}
    assert kept["track_query_adapter"] == {
        name: f"value of track_query_adapter.{name}" for name in ("client_code", "secret", "url_key")
    }


def test_a_courier_is_asked_through_kuaidi100_and_stays_asked_that_way(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    direct = make_courier_account(shop, customer_code="ZTO-1")
    add = f"/settings/{shop.pk}/accounts/courier/add/"

    answer = client.post(add, {**COURIER, **KUAIDI100, "via": "kuaidi100"})
    again = client.post(add, {**COURIER, **KUAIDI100, "via": "kuaidi100"}, follow=True)
    account = CourierAccount.objects.get(shop=shop, via="kuaidi100")
    client.post(f"/settings/{shop.pk}/accounts/courier/{account.pk}/", {**COURIER, "via": ""})

    account.refresh_from_db()
    assert (account.courier, account.via, account.secrets) == (
        "zto",
        "kuaidi100",
        {"key": "k", "customer": "c", "salt": "s"},
    )
    assert "本店已有" in again.content.decode() or "already" in again.content.decode()
    assert shop.courier_accounts.count() == 2
    assert "Kuaidi100" in client.get(answer["Location"], headers={"accept-language": "en"}).content.decode()
    assert services.courier_account(shop, "zto") == direct


def test_an_empty_secrets_box_keeps_what_is_stored(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    account = make_courier_account(shop)

    told = {**COURIER, "name": "新名字", "secret-app_key": "demo-app", "secret-app_secret": ""}
    client.post(f"/settings/{shop.pk}/accounts/courier/{account.pk}/", told)

    account.refresh_from_db()
    assert (account.name, account.secrets) == ("新名字", {"app_key": "demo-app", "app_secret": "demo-secret"})


@pytest.mark.parametrize(
    ("field", "wrong", "sentence"),
    [
        ("intercept_fee", "3.505", "Write an amount in yuan, at most two decimals."),
        ("intercept_fee", "1000.01", "At most 1,000.00 yuan."),
        ("back_freight", "-1", "The amount cannot be negative."),
        ("rate_per_second", "0", "Write how many requests a second the courier allows: 1 to 500."),
        ("rate_per_second", "501", "Write how many requests a second the courier allows: 1 to 500."),
        ("secret-phone_last4", "12a4", "This is not in the form the other side gives out."),
        ("secret-app_secret", "", "This field is required."),
        ("secret-digest", "sha1", "Select a valid choice. sha1 is not one of the available choices."),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_saved(client, field, wrong, sentence):
    shop = make_shop()
    client.force_login(make_user("owner", shop))

    answer = client.post(f"/settings/{shop.pk}/accounts/courier/add/", {**COURIER, field: wrong})

    assert (answer.status_code, sentence in words(answer), shop.courier_accounts.count()) == (422, True, 0)


def test_an_agent_neither_sees_push_addresses_nor_saves_an_account(client):
    shop = make_shop()
    account = make_courier_account(shop)
    client.force_login(make_user("agent", shop))

    page = client.get(f"/settings/{shop.pk}/accounts/").content.decode()
    saved = client.post(f"/settings/{shop.pk}/accounts/courier/{account.pk}/", {**COURIER, "name": "坏人"})
    renewed = client.post(f"/settings/{shop.pk}/accounts/courier/{account.pk}/token/")

    account.refresh_from_db()
    assert account.push_token not in page
    assert (saved.status_code, account.name) == (200, "")
    assert (
        told(renewed)[-1]
        == "Your role does not include this: change courier and platform accounts. Ask: Shop owner. [RIGHT]"
    )


def test_an_owner_renews_a_push_address(client):
    shop = make_shop()
    account = make_platform_account(shop)
    old = account.push_token
    client.force_login(make_user("owner", shop))

    client.post(f"/settings/{shop.pk}/accounts/platform/{account.pk}/token/")

    assert PlatformAccount.objects.get(pk=account.pk).push_token != old


def as_posted(rules, **changed):
    """The rules form as the browser sends it back untouched, but for `changed`."""
    form = PolicyForm(instance=rules)
    values = {field.html_name: field.value() for field in form if field.value() not in (False, None)}
    values |= {f"{form[name].html_name}-unit": "s" for name in TIMER_COLUMNS}
    return {**values, "reason": "测试", **changed}


def test_an_owner_changes_rules_and_timers_on_the_page(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    posted = as_posted(
        policy.current(shop),
        pay_when="returned",
        intercept_limit_fen="299.99",
        **{"T-INT-RESULT": "36", "T-INT-RESULT-unit": "h"},
    )

    answer = client.post(f"/settings/{shop.pk}/policy/", posted)

    rules = policy.current(shop)
    assert answer.status_code == 302
    assert (rules.version, rules.pay_when, rules.intercept_limit_fen, rules.t_int_result) == (
        1,
        "returned",
        29_999,
        129_600,
    )
    assert (rules.auto_agree, rules.second_person_fen, rules.evidence) == (True, 100_000, Policy().evidence)


def test_saving_the_page_untouched_makes_no_version(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))

    answer = client.post(f"/settings/{shop.pk}/policy/", as_posted(policy.current(shop)))

    assert (told(answer), policy.current(shop).version) == (["Nothing differs from the version in force."], 0)


A_TIMER = "A timer is between one second and one year."
AN_ADDRESS = "An address of product pages begins with https:// and holds {item} once."


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"T-INT-RESULT": "0"}, "t_int_result", A_TIMER),
        ({"T-INT-RESULT": "-5"}, "t_int_result", A_TIMER),
        ({"T-INT-RESULT": ""}, "t_int_result", A_TIMER),
        ({"T-INT-RESULT": "400", "T-INT-RESULT-unit": "d"}, "t_int_result", A_TIMER),
        ({"T-INT-RESULT": "5", "T-INT-RESULT-unit": "moons"}, "t_int_result", A_TIMER),
        ({"intercept_limit_fen": "x"}, "intercept_limit_fen", "Write an amount in yuan, at most two decimals."),
        ({"claim_cap_fen": "0"}, "claim_cap_fen", "Ensure this value is greater than or equal to 1."),
        ({"late_ship_percent": "101"}, "late_ship_percent", "Ensure this value is less than or equal to 100."),
        ({"price_match_times": "0"}, "price_match_times", "Ensure this value is greater than or equal to 1."),
        ({"keep_raw_days": "3651"}, "keep_raw_days", "Ensure this value is less than or equal to 3650."),
        ({"instant_refund_credit": "-1"}, "instant_refund_credit", "Ensure this value is greater than or equal to 0."),
        (
            {"benefits": ["free_lunch"]},
            "benefits",
            "Select a valid choice. free_lunch is not one of the available choices.",
        ),
        (
            {"warn_only": ["E14"]},
            "warn_only",
            "Select a valid choice. E14 is not one of the available choices.",
        ),
        ({"product_url": "http://shop.example/{item}"}, "product_url", AN_ADDRESS),
        ({"product_url": "https://shop.example/item"}, "product_url", AN_ADDRESS),
        (
            {"T-BEN-NO-REASON": "6", "T-BEN-NO-REASON-unit": "d"},
            "t_ben_no_reason",
            "The law gives the buyer seven days; a shop may only give more.",
        ),
        ({"reason": ""}, "reason", "This field is required."),
    ],
)
def test_a_rule_that_cannot_be_is_shown_and_nothing_is_saved(client, wrong, field, sentence):
    shop = make_shop()
    client.force_login(make_user("owner", shop))

    answer = client.post(f"/settings/{shop.pk}/policy/", as_posted(policy.current(shop), auto_submit="on", **wrong))

    assert (answer.status_code, policy.current(shop).version) == (422, 0)
    assert answer.context["form"].errors == {field: [sentence]}
    assert sentence in html.unescape(answer.content.decode())


def test_what_was_typed_on_a_wrong_page_of_rules_stands_there_still(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    posted = as_posted(policy.current(shop), **{"T-NEGO": "5000", "T-NEGO-unit": "d", "second_person_fen": "9,9.x"})

    answer = client.post(f"/settings/{shop.pk}/policy/", posted | {"T-PAY": "90", "T-PAY-unit": "min"})

    rows = {row["code"]: (row["value"], row["unit"], row["is_wrong"]) for row in answer.context["timers"]}
    assert (rows["T-NEGO"], rows["T-PAY"]) == (("5000", "d", True), ("90", "min", False))
    assert answer.context["form"]["second_person_fen"].value() == "9,9.x"


def test_a_timer_is_drawn_with_the_unit_people_say(client):
    shop = make_shop()
    policy.change(shop, by=None, reason="测试", t_nego=90, t_pay=3 * 86_400)
    client.force_login(make_user("owner", shop))

    answer = client.get(f"/settings/{shop.pk}/policy/")

    rows = {row["code"]: (row["title"], row["value"], row["unit"]) for row in answer.context["timers"]}
    assert list(rows) == list(TIMERS)
    assert (rows["T-NEGO"], rows["T-PAY"], rows["T-SHIP"]) == (
        ("Buyer answers an offer", 90, "s"),
        ("Time to pay", 3, "d"),
        ("Promise to ship", 48, "h"),
    )


def test_an_agent_who_posts_the_rules_is_refused(client):
    shop = make_shop()
    client.force_login(make_user("agent", shop))

    answer = client.post(f"/settings/{shop.pk}/policy/", as_posted(policy.current(shop), auto_submit="on"))

    assert (answer.status_code, policy.current(shop).version) == (422, 0)
    assert "Your role does not include this: change rules and timers." in words(answer)


def test_the_first_settings_page_says_what_is_missing_before_the_first_interception(client):
    shop = make_shop(is_signed=False, name="新店")
    client.force_login(make_user("owner", shop))

    before = words(client.get("/settings/"))
    services.sign_agreement(shop, by=None)
    make_courier_account(shop)
    after = words(client.get("/settings/"))

    assert ("not signed" in before, "no e-waybill account" in before) == (True, True)
    assert ("not signed" in after, "e-waybill enabled" in after) == (False, True)

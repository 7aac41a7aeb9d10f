"""People and shops without the administration: the first account, colleagues, their ways in, their leaving."""

import re
import time

import pytest
import time_machine
from django.contrib.auth import get_user
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from merchant.people.models import Membership, Role, User
from merchant.people.rights import ROLES, Right, can, ensure_default_roles, limit_fen
from merchant.refusals import Refused
from merchant.shops.models import Shop
from merchant.staff import first, policies, roles, services, work
from merchant.trail.models import Activity
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "blue-lantern-42"


@pytest.fixture
def client(client):
    client.cookies["django_language"] = "en"
    return client


def role(slug):
    return ensure_default_roles()[slug]


def way_in(answer):
    """What the page shows this once."""
    return re.search(r'id="way-in">\s*([^<\s]+)\s*<', answer.content.decode())[1]


def member_of(shop, user):
    return Membership.objects.get(shop=shop, user=user)


# --- an empty product -------------------------------------------------------------------------------------------------


def test_the_roles_are_there_after_migrate_and_nobody_called_for_them():
    assert set(Role.objects.filter(shop=None).values_list("slug", flat=True)) == set(ROLES)


def test_a_stranger_without_the_code_makes_no_account(client):
    form = {"code": "AAAA-BBBB-CCCC", "username": "mallory", "display_name": "M", "password": PASSWORD}

    answer = client.post(reverse("first_account"), {**form, "again": PASSWORD})

    assert answer.status_code == 422
    assert "This is not the code that the server printed." in answer.content.decode()
    assert User.objects.count() == 0


def test_whoever_has_the_code_makes_the_first_account_is_signed_in_and_led_on(client):
    code = first.setup_code().lower().replace("-", " ")

    led = client.get(reverse("login"))
    answer = client.post(
        reverse("first_account"),
        {"code": code, "username": "zhang", "display_name": "张掌柜", "password": PASSWORD, "again": PASSWORD},
    )

    user = User.objects.get()
    assert (led["Location"], answer["Location"]) == (reverse("first_account"), "/")
    assert (user.username, user.is_platform_admin, user.check_password(PASSWORD)) == ("zhang", True, True)
    assert get_user(client) == user
    assert client.get("/", follow=True).redirect_chain == [("/start/", 302)]


def test_the_code_opens_nothing_once_there_is_an_account(client):
    make_user()

    with pytest.raises(Refused) as refused:
        first.make_first_account(code=first.setup_code(), username="b", display_name="B", password=PASSWORD)

    assert refused.value.code == "TAKEN"
    assert client.get(reverse("first_account"))["Location"] == reverse("login")
    assert User.objects.count() == 1


def test_the_server_prints_where_the_first_account_is_made_until_there_is_one(capsys):
    call_command("setup_code")
    before = capsys.readouterr().out
    make_user()
    call_command("setup_code")

    assert before.strip().endswith(f"/accounts/first/?code={first.setup_code()}")
    assert first.setup_code() not in capsys.readouterr().out


def test_a_superuser_from_the_command_line_is_led_to_the_same_place(client):
    User.objects.create_superuser("root", password=PASSWORD)

    client.post(reverse("login"), {"username": "root", "password": PASSWORD})

    assert client.get("/", follow=True).redirect_chain == [("/start/", 302)]


@pytest.mark.parametrize(
    ("slug", "there"),
    [
        ("agent", "/desk/"),
        ("supervisor", "/board/"),
        ("warehouse", "/warehouse/"),
        ("finance", "/refunds/"),
        ("owner", "/board/"),
    ],
)
def test_everybody_starts_where_their_work_is(client, slug, there):
    client.force_login(make_user(slug, make_shop()))

    assert client.get("/")["Location"] == there


def test_the_platforms_administrator_starts_with_the_shops_and_a_person_of_none_is_told_whom_to_ask(client):
    make_shop()
    client.force_login(make_user(is_platform_admin=True))
    assert client.get("/")["Location"] == "/settings/"

    client.force_login(make_user(name="lost"))
    page = client.get("/", follow=True).content.decode()

    assert "You are in no shop yet" in page


# --- shops ------------------------------------------------------------------------------------------------------------


def test_the_first_person_opens_the_shop_and_owns_it(client):
    user = User.objects.create_superuser("zhang", password=PASSWORD)
    client.force_login(user)

    answer = client.post(
        f"{reverse('shop_add')}?next=/start/", {"name": "禾木小铺", "platform": "kuaishou", "way": "link"}
    )

    shop = Shop.objects.get()
    assert (answer["Location"], shop.name, shop.platform) == ("/start/", "禾木小铺", "kuaishou")
    assert member_of(shop, user).role.slug == "owner"
    assert client.get("/")["Location"] == "/board/"


def test_the_administrator_opens_a_shop_for_an_owner_in_one_form_and_passes_on_the_way_in(client):
    client.force_login(make_user(is_platform_admin=True))

    answer = client.post(
        reverse("shop_add"),
        {"name": "山月", "platform": "douyin", "external_id": "77", "owner_username": "li", "owner_name": "李", "way": "password"},
    )  # fmt: skip

    owner = User.objects.get(username="li")
    assert member_of(Shop.objects.get(), owner).role.slug == "owner"
    assert (owner.check_password(way_in(answer)), owner.has_first_password) == (True, True)


def test_an_agent_opens_no_shop_and_another_shops_number_is_refused(client):
    shop = make_shop("douyin", external_id="77")
    client.force_login(make_user("agent", shop))
    client.post(reverse("shop_add"), {"name": "x", "platform": "own"})
    client.force_login(make_user("owner", shop))
    answer = client.post(reverse("shop_add"), {"name": "x", "platform": "douyin", "external_id": "77"})

    assert "There is a shop with this number already." in answer.content.decode()
    assert Shop.objects.count() == 1


def test_a_form_leads_back_only_into_this_site(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    told = {"name": "新", "external_id": "1", "state": "normal"}

    seen = [
        client.post(f"{reverse('shop_edit', args=[shop.pk])}?next={there}", told)["Location"]
        for there in ("/start/?shop=1", "//evil.example/", "https://evil.example/", "javascript:alert(1)")
    ]

    assert seen == ["/start/?shop=1", "/settings/", "/settings/", "/settings/"]


# --- colleagues -------------------------------------------------------------------------------------------------------


def added(client, shop, **more):
    told = {"display_name": "小苏", "username": "xiaosu", "role": role("agent").pk, "way": "link", **more}
    return client.post(reverse("staff_add", args=[shop.pk]), told)


def test_an_invited_colleague_chooses_a_password_by_the_link_once(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))

    link = way_in(added(client, shop, team="白班", limit="150"))
    member = Membership.objects.get(user__username="xiaosu")
    visitor = Client()
    form = visitor.get(link, follow=True)
    there = form.redirect_chain[-1][0]
    set_it = visitor.post(there, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    again = Client().get(link, follow=True)

    assert (member.role.slug, member.team.name, member.limits) == ("agent", "白班", {"agree_case": 15_000})
    assert (set_it.status_code, set_it["Location"]) == (302, "/accounts/login/")
    member.user.refresh_from_db()
    assert member.user.check_password(PASSWORD)
    assert again.context["validlink"] is False


def test_a_first_password_opens_nothing_but_the_page_that_changes_it(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    password = way_in(added(client, shop, way="password"))
    person = Client()

    person.post(reverse("login"), {"username": "xiaosu", "password": password})
    before = person.get("/desk/")
    person.post(
        reverse("password_change"), {"old_password": password, "new_password1": PASSWORD, "new_password2": PASSWORD}
    )

    assert (before.status_code, before["Location"]) == (302, "/accounts/password/")
    assert person.get("/desk/").status_code == 200


def test_finance_s_limit_is_of_what_they_release_and_the_warehouse_has_none(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))

    added(client, shop, username="qing", role=role("finance").pk, limit="500")
    refused = added(client, shop, username="li", role=role("warehouse").pk, limit="500")

    assert Membership.objects.get(user__username="qing").limits == {"release_refund": 50_000}
    assert "This role decides on no money" in refused.content.decode()
    assert not User.objects.filter(username="li").exists()


def test_an_owner_takes_no_account_of_another_shop_by_typing_its_name(client):
    mine, other = make_shop(), make_shop()
    theirs = make_user("owner", other)
    admin = make_user(is_platform_admin=True)
    client.force_login(make_user("owner", mine))

    pages = [added(client, mine, username=name).content.decode() for name in (theirs.username, admin.username.upper())]

    assert ["Somebody has this name already" in page for page in pages] == [True, True]
    assert Membership.objects.filter(shop=mine).count() == 1


def test_an_owner_of_two_shops_adds_the_colleague_of_one_to_the_other_with_the_password_they_have(client):
    first_shop, second = make_shop(), make_shop()
    owner = make_user("owner", first_shop)
    Membership.objects.create(user=owner, shop=second, role=role("owner"))
    colleague = make_user("agent", first_shop, password=PASSWORD)
    client.force_login(owner)

    answer = added(client, second, username=colleague.username)

    assert answer["Location"] == reverse("staff", args=[second.pk])
    colleague.refresh_from_db()
    assert colleague.check_password(PASSWORD)
    assert member_of(second, colleague).role.slug == "agent"


def test_a_new_way_in_ends_the_old_password_and_the_open_session(client):
    shop = make_shop()
    person = make_user("agent", shop, password=PASSWORD)
    session = Client()
    session.force_login(person)
    client.force_login(make_user("owner", shop))

    answer = client.post(reverse("staff_reset", args=[shop.pk, member_of(shop, person).pk]), {"way": "password"})

    person.refresh_from_db()
    assert (person.check_password(PASSWORD), person.check_password(way_in(answer))) == (False, True)
    assert session.get("/desk/").status_code == 302


@pytest.mark.parametrize("who", ["self", "admin", "elsewhere"])
def test_nobody_resets_themselves_an_administrator_or_somebody_who_also_works_elsewhere(who):
    shop = make_shop()
    owner = make_user("owner", shop)
    person = owner if who == "self" else make_user("agent", shop, is_platform_admin=who == "admin")
    if who == "elsewhere":
        Membership.objects.create(user=person, shop=make_shop(), role=role("agent"))

    with pytest.raises(Refused) as refused:
        services.reset_password(member_of(shop, person), by=owner, way="link")

    assert refused.value.code == ("SELF" if who == "self" else "ELSEWHERE")
    assert Activity.objects.filter(verb="membership.reset_password").count() == 0


def test_the_last_owner_stays_owner_and_nobody_changes_themselves():
    shop = make_shop()
    owner, second = make_user("owner", shop), make_user("owner", shop)
    services.deactivate_member(member_of(shop, second), by=owner, reason="离职")
    admin = make_user(is_platform_admin=True)

    with pytest.raises(Refused) as last:
        services.change_member(member_of(shop, owner), by=admin, display_name="", role=role("agent"))
    with pytest.raises(Refused) as gone:
        services.deactivate_member(member_of(shop, owner), by=admin, reason="x")
    with pytest.raises(Refused) as own:
        policies.check_can_change(member_of(shop, owner), owner)

    assert (last.value.code, gone.value.code, own.value.code) == ("LAST", "LAST", "SELF")
    assert member_of(shop, owner).role.slug == "owner"


def test_who_leaves_hands_over_what_they_have_and_is_signed_out(client, monkeypatch):
    shop = make_shop()
    person, heir = make_user("agent", shop), make_user("agent", shop)
    handed = []
    monkeypatch.setattr(
        work,
        "_work",
        [
            work.Work(
                lambda member: [("cases", 3)], lambda member, **more: handed.append(more["to"]), lambda shop: [heir]
            )
        ],
    )
    session = Client()
    session.force_login(person)
    client.force_login(make_user("owner", shop))
    there = reverse("staff_deactivate", args=[shop.pk, member_of(shop, person).pk])

    client.post(there, {"reason": "离职"})
    before = member_of(shop, person).is_active
    client.post(there, {"reason": "离职", "to": heir.pk})

    person.refresh_from_db()
    assert (before, member_of(shop, person).is_active, person.is_active) == (True, False, False)
    assert handed == [heir]
    assert session.get("/desk/").status_code == 302
    assert Activity.objects.get(verb="membership.deactivate").reason == "离职"


def test_who_still_works_elsewhere_keeps_the_account_and_who_comes_back_finds_it_as_it_was():
    shop, other = make_shop(), make_shop()
    person = make_user("agent", shop)
    Membership.objects.create(user=person, shop=other, role=role("agent"))
    owner, theirs = make_user("owner", shop), make_user("owner", other)

    services.deactivate_member(member_of(shop, person), by=owner, reason="x")
    person.refresh_from_db()
    kept = person.is_active
    services.deactivate_member(member_of(other, person), by=theirs, reason="x")
    person.refresh_from_db()
    gone = person.is_active
    services.reactivate_member(member_of(shop, person), by=owner)
    person.refresh_from_db()

    assert (kept, gone, person.is_active) == (True, False, True)
    assert member_of(shop, person).role.slug == "agent"


def test_an_invitation_runs_out_after_three_days(client, settings):
    shop = make_shop()
    owner = make_user("owner", shop)
    entrance = services.add_member(shop, by=owner, username="n", display_name="N", role=role("agent"))

    with time_machine.travel(time.time() + 3 * 86_400 + 300, tick=False):
        late = client.get(entrance.link.removeprefix(settings.SITE_URL), follow=True)

    assert late.context["validlink"] is False
    assert "This link opens nothing any more" in late.content.decode()


# --- roles ------------------------------------------------------------------------------------------------------------


def test_an_owner_makes_a_role_like_another_and_whoever_has_it_works_by_it_at_once(client):
    shop = make_shop()
    client.force_login(make_user("owner", shop))
    like = client.get(f"{reverse('role_add', args=[shop.pk])}?like=agent").context["form"].initial

    client.post(
        reverse("role_add", args=[shop.pk]),
        {"name": "夜班", "rights": [*like["rights"], "receive_parcel"], "limit": "50", "scope": "shop"},
    )

    night = Role.objects.get(shop=shop)
    person = make_user()
    Membership.objects.create(user=person, shop=shop, role=night)
    assert (night.name, night.limits, night.scope) == ("夜班", {"agree_case": 5_000}, "shop")
    assert (can(person, shop, Right.RECEIVE_PARCEL), limit_fen(person, shop, Right.AGREE_CASE)) == (True, 5_000)
    assert services.roles_of(make_shop())[-1].slug == "owner"


def test_a_default_role_and_one_s_own_are_not_changed_and_no_shop_gives_the_platforms_right():
    shop = make_shop()
    owner = make_user("owner", shop)
    told = {"name": "x", "rights": ["see_orders"], "limit_fen": None, "scope": "shop"}
    mine = Role.objects.create(shop=shop, slug="mine", name="m", rights=role("owner").rights)
    keeper = make_user()
    Membership.objects.create(user=keeper, shop=shop, role=mine)
    codes = []
    for by, which, more in (
        (owner, role("agent"), {}),
        (keeper, mine, {}),
        (owner, None, {"rights": ["approve_quota"]}),
        (make_user("agent", shop), None, {}),
    ):
        with pytest.raises(Refused) as refused:
            roles.save_role(shop, which, by=by, **{**told, **more})
        codes.append(refused.value.code)

    assert codes == ["ROLE", "SELF", "ROLE", "RIGHT"]
    mine.refresh_from_db()
    assert (mine.name, Role.objects.filter(shop=shop).count()) == ("m", 1)


def test_a_changed_role_leaves_the_shop_somebody_who_runs_it():
    shop = make_shop()
    mine = Role.objects.create(shop=shop, slug="mine", name="m", rights=role("owner").rights)
    Membership.objects.create(user=make_user(), shop=shop, role=mine)
    admin = make_user(is_platform_admin=True)

    with pytest.raises(Refused) as refused:
        roles.save_role(shop, mine, by=admin, name="m", rights=["see_orders"], limit_fen=None, scope="shop")

    mine.refresh_from_db()
    assert (refused.value.code, mine.rights) == ("LAST", role("owner").rights)

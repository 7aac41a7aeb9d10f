import pytest
from django.urls import reverse
from django.utils.translation import override

from merchant.people.models import Membership, Role
from merchant.people.rights import ROLES, Right, can, check_right, ensure_default_roles, limit_fen, new_rights
from merchant.people.visibility import shops_of
from merchant.refusals import Refused
from merchant.shops.models import Agreement, Shop
from merchant.staff.roles import save_role
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
R = Right

# docs of the house, 2.9: who holds what by default; a line here is a line of the matrix.
MATRIX = {
    "agent": {
        R.SEE_ORDERS,
        R.REMARK_ORDER,
        R.HOLD_ORDER,
        R.EDIT_ADDRESS,
        R.SUBMIT_INTERCEPTION,
        R.WITHDRAW_INTERCEPTION,
        R.AGREE_CASE,
        R.REFUSE_CASE,
        R.REVEAL_PII,
        R.FILE_CLAIM,
    },
    "supervisor": {
        R.SEE_ORDERS,
        R.REMARK_ORDER,
        R.HOLD_ORDER,
        R.PACK_ORDER,
        R.REVIEW_ORDER,
        R.EDIT_ADDRESS,
        R.EDIT_ADDRESS_MANY,
        R.SUBMIT_INTERCEPTION,
        R.WITHDRAW_INTERCEPTION,
        R.AGREE_CASE,
        R.REFUSE_CASE,
        R.REVEAL_PII,
        R.FILE_CLAIM,
        R.BOOK_CLAIM,
        R.IMPORT_ORDERS,
        R.SEE_MESSAGES,
        R.OPERATE_JOBS,
        R.EDIT_REPLIES,
        R.ASSIGN_WORK,
        R.SEE_BOARD,
    },
    "warehouse": {
        R.SEE_ORDERS,
        R.REMARK_ORDER,
        R.HOLD_ORDER,
        R.PACK_ORDER,
        R.RECEIVE_PARCEL,
        R.EDIT_CATALOG,
        R.COUNT_STOCK,
        R.DRAFT_CLAIM,
    },
    "finance": {
        R.SEE_ORDERS,
        R.APPROVE_REFUND,
        R.RELEASE_REFUND,
        R.OFFLINE_PAYOUT,
        R.SEE_MESSAGES,
        R.BOOK_CLAIM,
        R.SETTLE_STATEMENT,
        R.EDIT_COST,
        R.APPROVE_STOCK,
    },
    "owner": {
        R.SEE_ORDERS,
        R.REMARK_ORDER,
        R.HOLD_ORDER,
        R.PACK_ORDER,
        R.REVIEW_ORDER,
        R.EDIT_ADDRESS,
        R.EDIT_ADDRESS_MANY,
        R.SUBMIT_INTERCEPTION,
        R.WITHDRAW_INTERCEPTION,
        R.AGREE_CASE,
        R.REFUSE_CASE,
        R.REVEAL_PII,
        R.APPLY_QUOTA,
        R.IMPORT_ORDERS,
        R.SEE_MESSAGES,
        R.OPERATE_JOBS,
        R.FILE_CLAIM,
        R.BOOK_CLAIM,
        R.SETTLE_STATEMENT,
        R.EDIT_COST,
        R.EDIT_CATALOG,
        R.APPROVE_STOCK,
        R.APPROVE_REFUND,
        R.SIGN_AGREEMENT,
        R.EDIT_POLICY,
        R.EDIT_SECRETS,
        R.EDIT_REPLIES,
        R.ASSIGN_WORK,
        R.SEE_BOARD,
        R.MANAGE_STAFF,
    },
    "platform_admin": {
        R.SEE_ORDERS,
        R.APPROVE_QUOTA,
        R.EDIT_POLICY,
        R.EDIT_SECRETS,
        R.OPERATE_JOBS,
        R.SEE_MESSAGES,
        R.MANAGE_STAFF,
    },
}


@pytest.mark.parametrize("slug", list(ROLES))
def test_a_role_holds_the_rights_of_the_matrix_and_no_other(slug):
    shop = make_shop()
    person = make_user(slug, shop)

    assert {right for right in R if can(person, shop, right)} == MATRIX[slug]


def test_a_right_in_one_shop_is_none_in_another():
    mine, other = make_shop(), make_shop()
    owner = make_user("owner", mine)

    assert (can(owner, mine, R.SIGN_AGREEMENT), can(owner, other, R.SIGN_AGREEMENT)) == (True, False)


def test_the_system_holds_every_right():
    shop = make_shop()

    assert {right for right in R if can(None, shop, right)} == set(R)
    assert limit_fen(None, shop, R.AGREE_CASE) is None


def test_a_missing_right_is_refused_in_a_sentence_that_names_it():
    shop = make_shop()
    agent = make_user("agent", shop)

    with pytest.raises(Refused) as refused:
        check_right(agent, shop, R.RELEASE_REFUND)

    assert (refused.value.code, refused.value.detail) == ("RIGHT", {"right": "release_refund"})
    assert check_right(agent, shop, R.AGREE_CASE) is None


def test_who_left_holds_nothing_and_sees_nothing():
    shop = make_shop()
    former, blocked = make_user("owner", shop), make_user("owner", shop, is_active=False)
    Membership.objects.filter(user=former).update(is_active=False)

    assert {right for right in R if can(former, shop, right) or can(blocked, shop, right)} == set()
    assert shops_of(former) == []
    assert limit_fen(former, shop, R.AGREE_CASE) == 0


@pytest.mark.parametrize(
    ("slug", "right", "limit"),
    [
        ("agent", R.AGREE_CASE, 20_000),
        ("supervisor", R.AGREE_CASE, 100_000),
        ("owner", R.AGREE_CASE, None),
        ("finance", R.RELEASE_REFUND, 100_000),
    ],
)
def test_a_role_decides_up_to_its_limit(slug, right, limit):
    shop = make_shop()

    assert limit_fen(make_user(slug, shop), shop, right) == limit


def test_a_persons_own_limit_goes_before_the_roles():
    shop = make_shop()
    agent = make_user("agent", shop)
    Membership.objects.filter(user=agent).update(limits={"agree_case": 5000})

    assert limit_fen(agent, shop, R.AGREE_CASE) == 5000


def test_a_stranger_may_decide_nothing():
    assert limit_fen(make_user(), make_shop(), R.AGREE_CASE) == 0


def test_the_platform_administrator_holds_that_roles_rights_everywhere_without_a_membership():
    shop = make_shop()
    admin = make_user(is_platform_admin=True)

    assert {right for right in R if can(admin, shop, right)} == MATRIX["platform_admin"]
    assert shop.pk in shops_of(admin)


def test_each_sees_the_rows_of_their_own_shops_only():
    mine, other = make_shop(), make_shop()
    agent = make_user("agent", mine)

    assert list(Shop.objects.visible_to(agent)) == [mine]
    assert [row.shop for row in Agreement.objects.visible_to(agent)] == [mine]
    assert shops_of(agent) == [mine.pk]
    assert list(Agreement.objects.visible_to(agent).filter(shop=other)) == []


def test_a_shops_own_role_is_data():
    shop = make_shop()
    role = Role.objects.create(shop=shop, slug="night", name="夜班", rights=["see_orders", "refuse_case"])
    person = make_user()
    Membership.objects.create(user=person, shop=shop, role=role)

    assert {right for right in R if can(person, shop, right)} == {R.SEE_ORDERS, R.REFUSE_CASE}
    assert str(role) == "夜班"


def test_the_default_roles_are_made_once_and_a_changed_one_stays_changed():
    made = ensure_default_roles()
    Role.objects.filter(pk=made["agent"].pk).update(limits={"agree_case": 30_000})

    again = ensure_default_roles()

    assert {slug: role.pk for slug, role in again.items()} == {slug: role.pk for slug, role in made.items()}
    assert again["agent"].limits == {"agree_case": 30_000}
    assert Role.objects.filter(shop=None).count() == 6


def test_a_default_role_follows_a_new_version_until_somebody_changed_it(client):
    made = ensure_default_roles()
    older = [right for right in made["agent"].rights if right != R.REMARK_ORDER]
    Role.objects.filter(slug="agent", shop=None).update(rights=older, known_rights=older)
    # Somebody took all but one away, and reading waybills came later.
    known = [right for right in made["warehouse"].rights if right != R.SEE_ORDERS]
    Role.objects.filter(slug="warehouse", shop=None).update(rights=known[:1], known_rights=known)

    again = ensure_default_roles()

    assert set(again["agent"].rights) == {str(right) for right in ROLES["agent"].rights}
    assert (again["warehouse"].rights, new_rights(again["warehouse"])) == (known[:1], [str(R.SEE_ORDERS)])
    assert new_rights(again["agent"]) == []


def test_a_shops_own_role_names_the_rights_that_came_after_it(client):
    shop = make_shop()
    owner = make_user("owner", shop)
    form = {"name": "夜班", "rights": [str(R.SEE_ORDERS)], "limit_fen": None, "scope": "shop"}
    role = save_role(shop, None, by=owner, **form)
    assert new_rights(role) == []
    Role.objects.filter(pk=role.pk).update(known_rights=[right for right in role.known_rights if right != R.SEE_BOARD])
    client.force_login(owner)
    client.cookies["django_language"] = "en"
    page = client.get(reverse("roles", args=[shop.pk])).content.decode()
    with override("en"):
        hint = f"New since it was last saved, not in it: {R.SEE_BOARD.label}"

    save_role(shop, role, by=owner, **form)

    assert hint in " ".join(page.split())
    assert hint not in " ".join(client.get(reverse("roles", args=[shop.pk])).content.decode().split())

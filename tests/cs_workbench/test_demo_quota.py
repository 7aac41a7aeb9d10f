"""What the demo's quota centre opens with."""

import pytest

from cs_workbench.demo.orders import buyers
from cs_workbench.demo.quota import make_looks
from cs_workbench.demo.shops import DemoShops
from merchant.vault.models import PiiReveal
from merchant.vault.quota import quota_of, waiting_for
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db


def test_the_demo_has_looks_of_today_and_a_request_at_each_station():
    own, kuaishou = make_shop("own"), make_shop()
    people = {role: make_user(role, own) for role in ("agent", "supervisor")}
    owner, admin = make_user("owner", own), make_user(is_platform_admin=True)
    owner.memberships.create(shop=kuaishou, role=owner.memberships.get().role)
    for buyer in buyers()[:6]:
        make_order(own, recipient=buyer.person)

    make_looks(DemoShops(kuaishou, own, make_shop("douyin"), {**people, "owner": owner}))

    assert quota_of(own).used == 5
    assert sorted(PiiReveal.objects.values_list("field", flat=True)) == [
        "address",
        "name",
        "phone",
        "phone",
        "virtual_phone",
    ]
    assert [(row.shop, row.wanted) for row in waiting_for(owner)] == [(own, 30)]
    assert [(row.shop, row.wanted) for row in waiting_for(admin)] == [(kuaishou, 50)]

"""The demo's parcels that came home broken, and what became of their claims."""

from types import SimpleNamespace

import pytest

from cs_workbench.demo.claims import make_claims
from logistics.claims.models import Claim
from logistics.interception import services as interceptions
from logistics.interception.models import Interception
from logistics.shipping import services as parcels
from merchant.people.rights import ROLES
from tests.logistics.factories import make_package, running
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


def test_the_demo_has_claims_in_different_states_and_parcels_still_to_inspect():
    shop = make_shop()
    people = {role: make_user(role, shop) for role in ROLES}
    for _number in range(8):
        row = interceptions.succeed_interception(running(make_package(shop=shop)), by=None, evidence="status")
        parcels.receive_package(row.package, by=people["warehouse"])

    made = make_claims(SimpleNamespace(kuaishou=shop, people=people))

    states = sorted(Claim.objects.values_list("state", flat=True))
    assert (made, states) == (4, ["closed", "draft", "filed", "rejected"])
    found = sorted(Interception.objects.values_list("state", flat=True))
    assert found == ["closed_damaged"] * 4 + ["closed_ok"] + ["returned"] * 3

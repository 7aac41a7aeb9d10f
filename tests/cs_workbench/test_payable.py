"""An order nobody has paid says what is payable, not that nothing was paid."""

import pytest
from django.urls import reverse

from tests.aftersales.factories import agent_of, own_shop
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"state": "pending_payment", "is_paid": False, "nets": (8800,)}, "¥88.00 Payable"),
        ({"state": "to_fulfil", "nets": (6600,)}, "¥66.00"),
    ],
)
def test_the_list_of_orders_says_what_is_payable(sign_in, row, said):
    shop = own_shop()
    order = make_order(shop, **row)

    page = sign_in(agent_of(shop)).get(reverse("orders")).content.decode()

    cell = page.split(order.number, 1)[1].split('class="num strong"', 1)[1].split("</td>", 1)[0].partition(">")[2]
    words = " ".join(cell.replace('<span class="line2">', "").replace("</span>", "").split())
    assert words == said

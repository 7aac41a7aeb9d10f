"""Addresses of lists: what reverse() says, and nothing that leads elsewhere."""

import pytest
from django.urls import reverse

from merchant.ui.reverse_cache import url


@pytest.mark.parametrize("number", ["2611260831100027", "AS-26/中", "a b%2F?x=1#y", "50%s"])
def test_a_number_stays_one_place_of_the_address(number):
    address = url("order_detail", 7, number)

    assert address.startswith("/orders/7/")
    assert address.removeprefix("/orders/7/").removesuffix("/").count("/") == 0


@pytest.mark.parametrize("number", ["2611260831100027", "a b%2F?x=1#y", "50%s", "（补）1"])
def test_an_address_is_the_one_that_reverse_gives(number):
    assert url("order_detail", 7, number) == reverse("order_detail", args=[7, number])
    assert url("parcel_detail", 7, "zto", number) == reverse("parcel_detail", args=[7, "zto", number])

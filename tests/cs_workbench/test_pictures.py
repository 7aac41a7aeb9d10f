"""Where pictures of goods are shown: from our own address, to those who see the shop, and to the buyer of the order."""

import pytest
from django.test import Client
from django.urls import reverse

from cs_workbench.orders import buyer_links
from merchant.attachments.models import Attachment, Purpose
from orders.pictures.models import GoodsPicture
from orders.record.listing_models import Listing
from tests.aftersales.factories import agent_of, case_of, own_shop, package_of
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db


def shown(listing_pk, shop):
    """A picture of these goods, as the worker keeps it."""
    row = GoodsPicture.objects.create(shop=shop, url="https://img.example/a.png", due_at=None)
    kept = Attachment.objects.create(
        shop=shop, subject_kind="goodspicture", subject_id=row.pk, purpose=Purpose.GOODS, name="a.jpg",
        content_type="image/jpeg", size=4, digest="d", thumb=b"jpeg",
    )  # fmt: skip
    GoodsPicture.objects.filter(pk=row.pk).update(thumb=kept)
    Listing.objects.filter(pk=listing_pk).update(picture=kept, picture_source=row)
    return kept


def test_pages_show_it_from_our_own_address_and_the_source_s_address_nowhere(platform):
    case = case_of(platform, own_shop())
    kept = shown(case.order.lines.get().listing_id, case.shop)
    reader = Client()
    reader.force_login(agent_of(case.shop, "owner"))
    order, package = case.order, package_of(case)
    pages = [
        reverse("orders"),
        reverse("desk_order", args=[order.shop_id, order.number]),
        reverse("order_detail", args=[order.shop_id, order.number]),
        reverse("case_detail", args=[order.shop_id, case.number]),
        reverse("product_detail", args=[order.shop_id, order.lines.get().listing_id]),
        reverse("parcel_detail", args=[order.shop_id, package.courier, package.waybill]),
    ]

    texts = {page: reader.get(page, follow=True).content.decode() for page in pages}

    assert [page for page, text in texts.items() if f'src="/files/{kept.pk}/thumb/"' not in text] == []
    assert [page for page, text in texts.items() if "img.example" in text] == []
    picture = reader.get(f"/files/{kept.pk}/thumb/")
    assert (picture.content, picture["Content-Type"]) == (b"jpeg", "image/jpeg")


def test_whoever_sees_the_shop_opens_it_and_nobody_else():
    shop = make_shop()
    kept = shown(make_order(shop).lines.get().listing_id, shop)
    keeper, stranger = Client(), Client()
    keeper.force_login(make_user("warehouse", shop))
    stranger.force_login(make_user("owner", make_shop()))

    answers = [reader.get(f"/files/{kept.pk}/thumb/").status_code for reader in (keeper, stranger, Client())]

    assert answers == [200, 404, 302]


def test_a_line_without_one_shows_a_drawn_place():
    shop = make_shop()
    order = make_order(shop)
    reader = Client()
    reader.force_login(make_user("agent", shop))

    text = reader.get(reverse("order_detail", args=[shop.pk, order.number])).content.decode()

    assert 'class="thumb thumb-sm"><svg' in text.replace("\n", "").replace("  ", "")
    assert "<img" not in text.partition('class="thumb')[2][:200]


def test_the_buyer_sees_the_pictures_of_the_link_s_order_and_no_other_file():
    shop = make_shop()
    order, other = make_order(shop), make_order(shop)
    shown(order.lines.get().listing_id, shop)
    page = "/s/" + buyer_links.link_of(order).rsplit("/s/", 1)[1]
    line_no = order.lines.get().line_no

    assert f'src="{page}picture/{line_no}/"' in Client().get(page).content.decode()
    assert Client().get(f"{page}picture/{line_no}/").content == b"jpeg"
    assert Client().get(f"{page}picture/{line_no + 7}/").status_code == 404
    assert Client().get(f"/s/forged/picture/{line_no}/").status_code == 404
    assert other.pk != order.pk


def test_operations_count_what_failed_and_a_person_has_it_tried_again():
    shop = make_shop()
    GoodsPicture.objects.create(shop=shop, url="https://img.example/a.png", due_at=None, why="private", tries=1)
    reader = Client()
    reader.force_login(make_user("owner", shop))

    text = reader.get(reverse("ops"), headers={"accept-language": "en"}).content.decode()
    reader.post(reverse("pictures_retry", args=[shop.pk]))

    assert reverse("pictures_retry", args=[shop.pk]) in text
    row = GoodsPicture.objects.get()
    assert (row.tries, row.due_at is None) == (0, False)

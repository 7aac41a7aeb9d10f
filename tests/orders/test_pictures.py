"""Pictures of goods: named by a source, fetched by a worker from the internet only, shown from our own address."""

import io
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from merchant import fetching, outside
from merchant.attachments.models import Attachment
from merchant.clock import now
from merchant.platforms.sandbox.pictures import picture
from merchant.policy import services as policy
from merchant.refusals import Refused
from orders.intake.services import upsert_orders
from orders.pictures import services
from orders.pictures.models import GoodsPicture
from orders.record.goods import sku_of
from orders.record.listing_models import Listing
from tests.aftersales.factories import agent_of
from tests.merchant.factories import make_shop, make_user
from tests.orders.factories import order_row

pytestmark = pytest.mark.django_db


def gif_of_zeros():
    return b"GIF89a" + b"\0" * 40


def wide():
    out = io.BytesIO()
    Image.new("1", (7100, 7100)).save(out, "PNG")
    return out.getvalue()


ANSWERS = {
    "/pictures/9001.png": (200, "image/png", lambda: picture("9001")),
    "/pictures/9002.png": (200, "image/png", lambda: picture("9002")),
    "/page": (200, "text/html", lambda: b"<html>"),
    "/svg": (200, "image/svg+xml", lambda: b"<svg onload='alert(1)'/>"),
    "/gif": (200, "image/gif", gif_of_zeros),
    "/wide": (200, "image/png", wide),
    "/large": (200, "image/png", lambda: b"\x89PNG" + b"\0" * services.MAX_BYTES),
    "/gone": (404, "image/png", lambda: b""),
    "/busy": (503, "image/png", lambda: b""),
}


class Host(BaseHTTPRequestHandler):
    asked: list[str] = []
    leads: dict[str, str] = {}

    def do_GET(self):
        Host.asked.append(self.path)
        if there := Host.leads.get(self.path):
            self.send_response(302)
            self.send_header("Location", there)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        status, kind, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        try:
            self.wfile.write(body())
        except OSError:
            pass

    def log_message(self, *_args):
        pass


@pytest.fixture
def host(settings):
    """What plays the platforms' picture servers; the only address near by that may be asked."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.PLATFORM_SANDBOX_URL = f"http://127.0.0.1:{server.server_port}"
    Host.asked, Host.leads = [], {}
    yield settings.PLATFORM_SANDBOX_URL
    server.shutdown()
    server.server_close()


def bought(shop, url, **row):
    order = order_row(**row)
    for line in order.lines:
        line.picture_url = url
    upsert_orders(shop, [order])
    return order


def kept(shop, url):
    """The row of one address after a worker has tried it once."""
    bought(shop, url)
    services.sweep()
    return GoodsPicture.objects.get(shop=shop, url=url)


def test_a_picture_that_an_order_names_is_fetched_once_drawn_small_and_shown(host):
    shop = make_shop()
    bought(shop, f"{host}/pictures/9001.png")
    bought(shop, f"{host}/pictures/9001.png?signed=anew")
    assert Listing.objects.get(shop=shop).picture is None

    assert services.sweep() == 1

    listing, row = Listing.objects.get(shop=shop), GoodsPicture.objects.get()
    assert Host.asked == ["/pictures/9001.png"]
    assert (row.why, row.due_at, row.thumb_id) == ("", None, listing.picture_id)
    drawn = Image.open(io.BytesIO(Attachment.objects.get(pk=listing.picture_id).thumb))
    assert (drawn.format, drawn.size) == ("JPEG", (240, 240))
    assert sku_of(listing).__class__.objects.get(pk=listing.sku_id).picture_id == listing.picture_id


def test_another_picture_of_the_same_goods_takes_the_first_one_s_place_once_it_is_here(host):
    shop = make_shop()
    first = kept(shop, f"{host}/pictures/9001.png")

    bought(shop, f"{host}/pictures/9002.png")
    assert Listing.objects.get().picture_id == first.thumb_id
    services.sweep()

    assert Listing.objects.get().picture_id == GoodsPicture.objects.get(url__endswith="9002.png").thumb_id


@pytest.mark.parametrize(
    ("said", "kept_as"),
    [
        ("https://img.example/a.png", "https://img.example/a.png"),
        ("http://img.example/a.png", "https://img.example/a.png"),
        ("//img.example/a.png", "https://img.example/a.png"),
        ("ftp://img.example/a.png", ""),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("https://img.example/a b", ""),
        ("https://img.example/" + "a" * 1000, ""),
        (None, ""),
    ],
)
def test_an_address_is_kept_as_https_or_not_at_all(said, kept_as):
    assert services.web_address(said) == kept_as


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
        "ff02::1", "no address",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_internet_is_never_asked(address, monkeypatch):
    assert not fetching.is_public(address)

    row = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    public = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]
    # One public address beside it makes it no better.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: public + row)
    with pytest.raises(fetching.Unfetched) as error:
        fetching.fetch("https://img.example/a.png", kind="image/", most=100)
    assert (error.value.code, error.value.is_final) == ("private", True)


def test_what_is_asked_is_the_address_that_was_looked_at_in_the_host_s_name(monkeypatch):
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: rows)

    assert fetching._checked("https://img.example/a.png?b=1#c") == (
        "https://93.184.215.14/a.png?b=1",
        {"headers": {"Host": "img.example"}, "extensions": {"sni_hostname": "img.example"}},
    )


@pytest.mark.parametrize(
    "url", ["https://user:word@img.example/", "https://img.example:8443/", "http://img.example/", "https:///a"]
)
def test_other_ports_names_and_plain_http_are_no_addresses(url):
    with pytest.raises(fetching.Unfetched) as error:
        fetching.fetch(url, kind="image/", most=100)
    assert (error.value.code, error.value.is_final) == ("address", True)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/page", "type"),
        ("/svg", "picture"),
        ("/gif", "picture"),
        ("/wide", "pixels"),
        ("/large", "large"),
        ("/gone", "missing"),
    ],
)
def test_what_is_no_picture_of_ours_is_refused_for_good_with_its_reason(host, path, why):
    row = kept(make_shop(), host + path)

    assert (row.why, row.due_at, row.tries, row.thumb) == (why, None, 1, None)
    assert Attachment.objects.count() == 0


def test_a_redirect_is_looked_at_like_the_first_address_and_leads_on_three_times_at_most(host):
    Host.leads = {
        "/inside": "https://169.254.169.254/latest/",
        "/plain": "http://img.example/a.png",
        "/round": f"{host}/round",
        "/once": "/pictures/9001.png",
    }
    shop = make_shop()

    assert kept(shop, f"{host}/once").why == ""
    assert [kept(shop, host + path).why for path in ("/inside", "/plain", "/round")] == [
        "private",
        "address",
        "redirects",
    ]
    assert Host.asked.count("/round") == 4


def test_a_host_that_is_away_is_asked_four_times_and_then_by_a_person_s_wish(host, monkeypatch):
    shop = make_shop()
    row = kept(shop, f"{host}/busy")
    waits = [row.due_at - now()]
    for _try in range(3):
        GoodsPicture.objects.update(due_at=now())
        services.sweep()
        row.refresh_from_db()
        waits.append(row.due_at and row.due_at - now())

    assert [wait and round(wait / timedelta(minutes=1)) for wait in waits] == [2, 30, 360, None]
    assert (row.tries, row.why, Host.asked) == (4, "missing", ["/busy"] * 4)
    assert [(found["count"], found["why"]) for found in services.failures([shop.pk])] == [(1, "missing")]

    monkeypatch.setitem(ANSWERS, "/busy", ANSWERS["/pictures/9001.png"])
    with pytest.raises(Refused) as refused:
        services.retry(shop, by=make_user("agent", shop))
    assert refused.value.code == "RIGHT"
    assert services.retry(shop, by=agent_of(shop, "supervisor")) == 1
    services.sweep()
    row.refresh_from_db()
    assert (row.why, row.thumb is None) == ("", False)


def test_a_worker_that_dies_over_one_four_times_leaves_it_to_a_person(host):
    shop = make_shop()
    bought(shop, f"{host}/pictures/9001.png")
    for _worker in range(4):
        assert services._claim() is not None
        assert services._claim() is None  # held
        GoodsPicture.objects.update(due_at=now())

    assert services._claim() is None
    assert [found["why"] for found in services.failures([shop.pk])] == ["died"]


def test_a_shop_that_wants_none_has_none_fetched(host):
    shop = make_shop()
    policy.change(shop, by=None, reason="test", fetch_pictures=False)
    bought(shop, f"{host}/pictures/9001.png")

    assert (services.sweep(), Host.asked) == (0, [])
    with pytest.raises(Refused) as refused:
        services.retry(shop, by=agent_of(shop, "supervisor"))
    assert refused.value.code == "PICTURES"


def test_no_request_waits_for_a_host_that_somebody_named(host):
    def page(_request):
        fetching.fetch(f"{host}/pictures/9001.png", kind="image/", most=services.MAX_BYTES)

    from django.test import RequestFactory

    with pytest.raises(outside.CalledInRequest):
        outside.NothingOutside(page)(RequestFactory().get("/orders/"))
    assert Host.asked == []

"""Bad words in the query of every page: dates beyond the calendar, cursors, page numbers, numbers without end, the same
twice. Never a fault; and a NUL in a cookie, a Redis that says nothing, pictures without end: no fault and no stall."""

import io
import socket
import threading
import time
from functools import lru_cache

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import NoReverseMatch, reverse
from PIL import Image

from merchant import wakeups
from merchant.attachments import drawer
from merchant.attachments import services as attachments
from merchant.refusals import Refused
from tests.aftersales.conftest import courier, platform  # noqa: F401
from tests.cs_workbench import test_doors
from tests.cs_workbench.test_doors import FORMS, LISTS, LOOKS, OWNER, PAGES
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db
world = test_doors.world
# Every name that some page reads, and those that a page may read one day.
NAMES = (
    "after before buyer cards case code courier cursor day days dialog due find from has just kind lang level limit list "
    "next number offset only open order page platform q queue shared shop show since sort source stamp start state tab "
    "ticked until user verdict waybill what word channel agent to end product sku month year reason"
).split()
BAD = [
    "9999-12-31", "0001-01-01", "2026-02-30", "9" * 400, "-1", "1e9", "９９", "²", "\ufffd", "' OR 1=1 --", "%", "_%_", "../..",
    "9223372036854775808", "253402300800000000-1", "99999999999999999-9", "-", "[]", "{}", "null", "😀" * 300, "a" * 5000,
    "\u202e", "9999-12-31T23:59:59+14:00", "0", "1,2,x", "a\nb", "\\", "Infinity", "",
]  # fmt: skip


def addresses(world):
    for name in sorted({*LISTS, *PAGES, *FORMS, *LOOKS}):
        try:
            yield name, reverse(name, args=world.arguments.get(name, []))
        except NoReverseMatch:
            continue


def test_no_query_finds_a_fault_on_any_page(world, courier):  # noqa: F811
    client = Client()
    client.force_login(world.people[OWNER])
    seen, pages = {}, list(addresses(world))

    for place, (name, address) in enumerate(pages):
        for turn in range(6):
            # Every page meets six of the values in every name at once; every value many pages; the same in each run.
            bad = BAD[(place * 7 + turn * 5) % len(BAD)]
            query = dict.fromkeys(NAMES, bad)
            if turn % 2:
                query = {one: [bad, BAD[(place + turn) % len(BAD)]] for one in NAMES}
            answer = client.get(address, query)
            seen.setdefault(answer.status_code, []).append((name, bad))
        alone = NAMES[place % len(NAMES)]
        seen.setdefault(client.get(address, {alone: "9999-12-31"}).status_code, []).append((name, alone))

    assert len(pages) > 50
    assert [found for status, found in seen.items() if status >= 500] == []
    assert set(seen) <= {200, 302, 400, 404, 405, 422}
    assert len(seen[200]) > len(pages) * 4


@pytest.mark.parametrize("bad", BAD)
def test_the_board_and_its_lists_hold_whatever_is_asked(world, bad):
    client = Client()
    client.force_login(world.people[OWNER])

    found = [
        client.get(reverse(page), {name: bad}).status_code
        for page in ("board", "board_cases", "board_orders")
        for name in ("day", "days", "after", "has", "due", "level", "shop", "what", "user", "courier")
    ]

    assert set(found) <= {200, 404}


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "django_language", "messages", "other"])
@pytest.mark.parametrize("value", [r'"a\000b"', r'"\000"', "a\0b"])
def test_a_nul_in_a_cookie_is_no_cookie(name, value):
    make_user("agent", make_shop())
    client = Client(headers={"cookie": f"{name}={value}; django_language=en"})

    assert (client.get(reverse("login")).status_code, client.get(reverse("desk")).status_code) == (200, 302)
    assert client.post(reverse("login"), {"username": "a", "password": "b"}).status_code == 200


@pytest.fixture
def silent_redis(settings, monkeypatch):
    """A Redis that takes every connection and never answers."""
    door = socket.create_server(("127.0.0.1", 0))
    taken = []

    def take():
        while True:
            try:
                taken.append(door.accept()[0])
            except OSError:
                return

    threading.Thread(target=take, daemon=True).start()
    url = f"redis://127.0.0.1:{door.getsockname()[1]}/0"
    monkeypatch.setattr(settings, "REDIS_URL", url)
    monkeypatch.setattr(wakeups, "_client", lru_cache(wakeups._client.__wrapped__))
    monkeypatch.setattr(wakeups, "_silent_until", 0.0)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": url}}
    cache.close()
    yield url
    door.close()
    for one in taken:
        one.close()


def test_a_redis_that_says_nothing_stalls_no_page(world, silent_redis):
    client = Client()
    client.force_login(world.people[OWNER])

    began = time.monotonic()
    found = [client.get(reverse(name)).status_code for name in ("desk", "orders", "refunds")]

    assert found == [200, 200, 200]
    # Each call to it is given up after half a second or one; a page that waited for each would take many.
    assert time.monotonic() - began < 30


@lru_cache(1)
def picture(pixels: int) -> bytes:
    side = int(pixels**0.5)
    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "PNG")
    return out.getvalue()


def test_twelve_pictures_of_fifty_megapixels_are_small_and_refused_together_before_any_is_unpacked():
    body = picture(50_000_000)
    uploads = [SimpleUploadedFile(f"{n}.png", body, "image/png") for n in range(12)]

    # The child refuses them in one word: had it unpacked the first, its drawing would stand before that.
    with pytest.raises(drawer.Unfit) as unfit:
        drawer.draw([body] * 12)
    with pytest.raises(Refused) as refused:
        attachments.read_files(uploads)

    assert (unfit.value.code, unfit.value.place, refused.value.code) == ("together", None, "FILE")
    assert drawer._run([body] * 12, drawer.SIDE, drawer.MAX_PIXELS) == b'["together"]\n'
    assert len(body) < 200_000

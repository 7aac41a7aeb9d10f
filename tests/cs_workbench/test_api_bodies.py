"""Bodies that no program sends by mistake, to every verb of the API: refused in words, never a fault."""

import json

import pytest
from django.urls import get_resolver, reverse

from tests.aftersales.conftest import courier, platform  # noqa: F401
from tests.cs_workbench import test_doors
from tests.cs_workbench.test_api_doors import address, verbs
from tests.cs_workbench.test_doors import OWNER, Undone
from tests.logistics.wire import down
from tests.merchant.api_client import program

pytestmark = pytest.mark.django_db
world = test_doors.world

BODIES = {
    "deep lists": b"[" * 5000 + b"]" * 5000,
    "deep objects": b'{"reason":' * 5000 + b"1" + b"}" * 5000,
    "deep inside": b'{"reason":' + b"[" * 900 + b"]" * 900 + b"}",
    "infinity": b'{"amount_fen": Infinity, "version": -Infinity}',
    "no number": b'{"amount_fen": NaN, "flag": NaN}',
    "too large a fraction": b'{"amount_fen": 1e999, "version": 1e999}',
    "beyond 64 bits": b'{"amount_fen": 123456789012345678901234567890, "version": 9223372036854775808}',
    "digits without end": b'{"version": ' + b"9" * 5000 + b"}",
    "a nul": b'{"text": "a\\u0000b", "reason": "\\u0000"}',
    "a raw nul": b'{"text": "a\x00b"}',
    "half an emoji": b'{"text": "\\ud83d", "reason": "\\udc00x"}',
    "a nul in a key": b'{"te\\u0000xt": 1}',
    "utf-16": '{"text": "中"}'.encode("utf-16"),
    "no utf-8": b'{"text": "\xff\xfe"}',
    "a list": b"[1, 2]",
    "text": b'"text"',
    "null": b"null",
    "nothing": b"",
    "cut": b'{"text": "a',
}


def pattern_of(name):
    """How the whole address of this name is written."""
    return get_resolver().reverse_dict.getlist(name)[0][0][0][0].replace("%(", "<")


def test_no_body_finds_a_fault_at_any_verb(world, courier, settings):  # noqa: F811
    settings.API_PER_MINUTE = 10**9
    courier.on("", down())
    client = program(world.people[OWNER], world.shop)
    doors = [
        address(world, name, noun, at_top="<" not in str(pattern_of(name)))
        for (noun, _verb), (name, _) in verbs().items()
    ]
    assert len(doors) > 40

    found = {}
    for place, door in enumerate(doors):
        # Every door meets some of them, every one of them many doors: bounded, and the same in each run.
        for turn, (name, body) in enumerate(BODIES.items()):
            if (place + turn) % 3:
                continue
            with Undone():
                answer = client.post(door, body, content_type="application/json")
            found.setdefault(answer.status_code, []).append((door, name))

    assert [found[status] for status in found if status >= 500] == []
    assert set(found) <= {200, 201, 202, 400, 403, 404, 409, 415, 422}
    assert len(found[400]) > 200


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            b'{"text": "a\\u0000b"}',
            "text cannot be stored: a NUL, half a character, an endless number, or nested too deep.",
        ),
        (
            b'{"flag": Infinity, "text": "x"}',
            "flag cannot be stored: a NUL, half a character, an endless number, or nested too deep.",
        ),
        (b"[" * 5000, "The JSON is nested too deep."),
    ],
)
def test_the_answer_names_the_member(world, body, detail):
    client = program(world.people[OWNER], world.shop)
    number = world.arguments["order_detail"][1]

    answer = client.post(reverse("api_order_note", args=[world.shop.pk, number]), body, content_type="application/json")

    assert (answer.status_code, json.loads(answer.content)["detail"]) == (400, detail)

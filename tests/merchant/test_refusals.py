import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import RequestFactory
from django.utils.translation import gettext_lazy, override

from merchant.checks import Check
from merchant.refusals import Refused, refusals_as_messages


def make_request():
    request = RequestFactory().post("/")
    request.session = {}
    request._messages = FallbackStorage(request)
    return request


def test_a_refusal_carries_code_sentence_and_what_explains_it():
    refusal = Refused("M5", "最多可退 76.00 元。", max_fen=7600)

    assert (refusal.code, refusal.message, refusal.detail) == ("M5", "最多可退 76.00 元。", {"max_fen": 7600})
    assert str(refusal) == "最多可退 76.00 元。 [M5]"


def test_a_refusal_becomes_an_error_on_the_page():
    request = make_request()

    with refusals_as_messages(request):
        raise Refused("E10", "退款金额须低于500元")

    assert [(m.level_tag, str(m), m.extra_tags) for m in get_messages(request)] == [
        ("error", "退款金额须低于500元 [E10]", "E10")
    ]


def test_anything_else_is_not_swallowed():
    request = make_request()

    with pytest.raises(ZeroDivisionError), refusals_as_messages(request):
        1 / 0  # noqa: B018

    assert list(get_messages(request)) == []


def test_a_check_is_stored_in_plain_values_and_in_the_words_of_the_moment():
    check = Check("E10", False, 50_000, gettext_lazy("shop"))

    with override("en"):
        stored = check.as_json()

    assert stored == {"code": "E10", "passed": False, "value": 50_000, "message": "shop", "is_warning": False}
    assert Check("E08", True, {"zto"}).as_json()["value"] == "{'zto'}"


@pytest.mark.parametrize(
    ("passed", "is_warning", "blocks"),
    [(True, False, False), (False, False, True), (False, True, False), (True, True, False)],
)
def test_only_a_failing_check_that_is_no_warning_blocks(passed, is_warning, blocks):
    assert Check("E12", passed, 0, "", is_warning).blocks is blocks

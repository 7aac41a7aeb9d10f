import pytest
from django.urls import reverse

from merchant.policy import rules
from merchant.policy import services as policy
from tests.merchant.factories import make_shop, make_user

pytestmark = pytest.mark.django_db


def rows(page):
    return {row["code"]: row for chapter in page.context["chapters"] for row in chapter["rows"]}


def test_the_rule_page_shows_the_text_of_the_book_rule_by_rule(sign_in):
    shop = make_shop()

    page = sign_in(make_user("agent", shop)).get(reverse("rules"))

    shown = rows(page)
    assert list(shown) == [rule.code for rule in rules.all_rules()]
    for rule in rules.all_rules():
        assert (shown[rule.code]["title"], shown[rule.code]["text"]) == (rule.title("en"), rule.text("en"))
        assert f'id="{rule.code}"' in page.content.decode()


def test_the_same_page_in_chinese(sign_in):
    shop = make_shop()
    client = sign_in(make_user("agent", shop))
    client.cookies["django_language"] = "zh-hans"

    page = client.get(reverse("rules"))

    assert rows(page)["E10"]["title"] == rules.rule("E10").title("zh-hans")


def test_what_the_shop_changed_stands_beside_the_default(sign_in):
    shop = make_shop()
    policy.change(shop, by=None, reason="test", intercept_limit_fen=30_000, t_as_handle=24 * 3600)

    shown = rows(sign_in(make_user("owner", shop)).get(reverse("rules")))

    assert (shown["E10"]["value"], shown["E10"]["default"], shown["E10"]["is_changed"]) == ("¥300.00", "¥500.00", True)
    assert (shown["T-AS-HANDLE"]["value"], shown["T-AS-HANDLE"]["is_changed"]) == ("24 hours", True)
    assert (shown["P-AUTO-AGREE"]["value"], shown["P-AUTO-AGREE"]["is_changed"]) == ("on", False)


def test_a_search_keeps_the_rules_that_mention_the_word(sign_in):
    shop = make_shop()
    client = sign_in(make_user("agent", shop))

    assert "T-INT-RESULT" in rows(client.get(reverse("rules"), {"word": "t-int-result"}))
    assert "No rule mentions that" in client.get(reverse("rules"), {"word": "zebra"}).content.decode()


def test_another_shops_values_are_not_there(sign_in):
    mine, theirs = make_shop(), make_shop()

    assert sign_in(make_user("agent", mine)).get(reverse("rules"), {"shop": theirs.pk}).status_code == 404

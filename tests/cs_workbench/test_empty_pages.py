"""An empty page says truthfully what it waits for, and leads there whoever can make it."""

import pytest
from django.urls import reverse

from aftersales.statements.models import StatementFile
from merchant.people.models import Membership
from merchant.people.rights import ensure_default_roles
from tests.merchant.factories import make_courier_account, make_platform_account, make_shop, make_user

pytestmark = pytest.mark.django_db


def text(client, name):
    return client.get(reverse(name)).content.decode()


def test_the_queue_does_not_call_itself_done_while_nothing_can_come(sign_in):
    shop = make_shop(is_signed=False)
    owner = sign_in(make_user("owner", shop))
    seen = [text(owner, "desk")]
    make_platform_account(shop)
    seen.append(text(owner, "desk"))
    make_courier_account(shop)
    seen.append(text(owner, "desk"))
    owner.post(reverse("agreement_sign", args=[shop.pk]))
    seen.append(text(owner, "desk"))

    wanted = (
        "No platform account yet",
        "No courier account yet",
        "The interception agreement is not signed",
        "Nothing is waiting for you",
    )
    assert [[words in page for words in wanted] for page in seen] == [
        [place == words for words in range(4)] for place in range(4)
    ]
    assert reverse("platform_account_add", args=[shop.pk]) in seen[0]
    assert reverse("agreement", args=[shop.pk]) in seen[2]


def test_an_agent_is_told_and_not_sent_where_they_can_do_nothing(sign_in):
    shop = make_shop()

    page = text(sign_in(make_user("agent", shop)), "desk")

    assert "No platform account yet" in page
    assert reverse("platform_account_add", args=[shop.pk]) not in page


def test_the_interceptions_and_the_refunds_say_what_is_missing(sign_in):
    shop = make_shop()
    owner = make_user("owner", shop)
    client = sign_in(owner)
    before = (text(client, "interceptions"), text(client, "refunds"))
    make_courier_account(shop)
    make_platform_account(shop)
    after = (text(client, "interceptions"), text(client, "refunds"))

    assert ("No courier account yet" in before[0], "No platform account yet" in before[1]) == (True, True)
    assert ("No parcel was stopped yet" in after[0], "Nothing waits here" in after[1]) == (True, True)


def test_nothing_differs_is_said_only_once_a_statement_was_read(sign_in):
    shop = make_shop()
    client = sign_in(make_user("finance", shop))
    before = text(client, "statements")
    StatementFile.objects.create(shop=shop, name="a.csv", digest="1", channel="wechat_pay", state="read")
    after = text(client, "statements")

    assert ("No statement has been read yet" in before, "Nothing differs" in before) == (True, False)
    assert ("No statement has been read yet" in after, "Nothing differs" in after) == (False, True)


def test_signing_promises_nothing_that_nothing_can_keep(sign_in):
    shop = make_shop(is_signed=False)
    client = sign_in(make_user("owner", shop))

    page = client.post(reverse("agreement_sign", args=[shop.pk]), follow=True).content.decode()

    assert "Before a parcel can be stopped, a courier account is still to be added." in page
    assert "this shop can stop parcels from now on" not in page


def test_an_account_in_one_of_several_shops_is_enough(sign_in):
    shop, other = make_shop(), make_shop()
    person = make_user("agent", shop)
    Membership.objects.create(user=person, shop=other, role=ensure_default_roles()["agent"])
    make_platform_account(other)
    make_courier_account(other)

    assert "Nothing is waiting for you" in text(sign_in(person), "desk")

"""The steps to the first stopped parcel: read from the rows, put off by a person, on the owner's start page until over."""

import pytest
from django.urls import reverse

from cs_workbench.start import steps
from logistics.interception.models import Interception
from merchant.people.rights import ensure_default_roles
from merchant.refusals import Refused
from merchant.shops.services import sign_agreement
from merchant.staff.services import add_member
from tests.aftersales.factories import case_of, intercepting, own_shop
from tests.merchant.factories import make_courier_account, make_platform_account, make_shop, make_user
from tests.orders.factories import make_order

pytestmark = pytest.mark.django_db


def states(shop):
    return {step.guide.name: step.state for step in steps.of_shop(shop, make_user())}


def test_without_a_shop_there_is_one_step_to_take():
    assert states(None) == {
        "account": "done",
        "shop": "now",
        **dict.fromkeys(("staff", "courier", "platform", "agreement", "orders", "first", "fulfil"), "closed"),
    }


def test_each_step_is_done_when_its_rows_are_there_and_the_next_one_is_shown():
    shop = make_shop(is_signed=False)
    owner = make_user("owner", shop)
    seen = [states(shop)]
    add_member(shop, by=owner, username="a", display_name="A", role=ensure_default_roles()["agent"])
    seen.append(states(shop))
    make_courier_account(shop)
    make_platform_account(shop)
    seen.append(states(shop))
    sign_agreement(shop, by=owner)
    make_order(shop)
    seen.append(states(shop))

    now = [next(name for name, state in found.items() if state == "now") for found in seen]
    assert now == ["staff", "courier", "agreement", "first"]


def test_what_is_put_off_is_passed_over_and_can_be_taken_up_again():
    shop = make_shop(is_signed=False)
    owner = make_user("owner", shop)

    steps.skip_step(shop, "staff", by=owner)
    shop.refresh_from_db()
    off = states(shop)
    steps.resume_step(shop, "staff", by=owner)
    shop.refresh_from_db()

    assert (off["staff"], off["courier"]) == ("skipped", "now")
    assert states(shop)["staff"] == "now"


@pytest.mark.parametrize(("role", "step", "code"), [("owner", "shop", "STEP"), ("agent", "staff", "RIGHT")])
def test_the_shop_is_not_put_off_and_an_agent_puts_nothing_off(role, step, code):
    shop = make_shop()

    with pytest.raises(Refused) as refused:
        steps.skip_step(shop, step, by=make_user(role, shop))

    shop.refresh_from_db()
    assert (refused.value.code, shop.setup_skipped) == (code, [])


def test_the_owners_board_shows_the_steps_until_none_is_open(sign_in):
    shop = make_shop()
    client = sign_in(make_user("owner", shop))
    agent = sign_in(make_user("supervisor", shop))

    before = client.get(reverse("board")).context["steps"]
    shop.setup_skipped = list(steps.SKIPPABLE)
    shop.save()
    after = client.get(reverse("board")).context

    assert [step.guide.name for step in before if step.state == "now"] == ["courier"]
    assert "steps" not in after
    assert "steps" not in agent.get(reverse("board")).context


def test_the_first_parcel_that_was_stopped_ends_the_way(platform):
    shop = own_shop()
    stopped = intercepting(case_of(platform, shop))
    before = states(shop)["first"]
    Interception.objects.filter(pk=stopped.pk).update(state="succeeded")

    assert (before, states(shop)["first"]) == ("open", "done")


def test_another_shops_steps_are_not_there(sign_in):
    other = make_shop()

    client = sign_in(make_user("owner", make_shop()))

    assert client.get(f"{reverse('start')}?shop={other.pk}").status_code == 404
    assert client.post(reverse("start_step", args=[other.pk, "staff", "skip"])).status_code == 404

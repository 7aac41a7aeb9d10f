"""Looks at personal data in the demo: some of this morning, and a request at each of its stations."""

from cs_workbench.demo.shops import DemoShops
from merchant.vault import services as vault
from merchant.vault.quota import ask_quota, refuse_quota
from orders.record.models import Order


def make_looks(shops: DemoShops) -> None:
    """Who looked at what today, one request that waits for the owner and one for the platform administrator."""
    agent, supervisor, owner = (shops.people[role] for role in ("agent", "supervisor", "owner"))
    orders = Order.objects.filter(shop=shops.own, recipient__phone_enc__isnull=False, completed_at__isnull=True)
    looks = ((agent, "phone"), (agent, "address"), (supervisor, "name"), (agent, "phone"), (supervisor, "phone"))
    found = orders.select_related("recipient__shop").order_by("-placed_at", "-pk")[: len(looks)]
    for order, (person, field) in zip(found, looks, strict=False):
        recipient = order.recipient
        assert recipient is not None
        vault.reveal(
            person,
            recipient,
            order_number=order.number,
            field=recipient.contact_field if field == "phone" else field,
            is_free=False,
            is_closed_14d=False,
            reason="order page",
        )
    early = ask_quota(shops.own, by=supervisor, wanted=200, reason="想把上周的买家都回访一遍")
    refuse_quota(early, by=owner, answer="先打虚拟号，只回访差评买家")
    ask_quota(shops.own, by=agent, wanted=30, reason="大促回访，要打电话确认地址")
    ask_quota(shops.kuaishou, by=owner, wanted=50, reason="周末大促，预计要多打五十个电话")

"""The demo's three shops, the people in them, and their accounts at the sandboxes."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from cs_workbench.demo import outside
from logistics.sandbox.accounts import secrets_of
from merchant.people.demo import PEOPLE, DemoPerson
from merchant.people.models import Membership, Team, User
from merchant.people.rights import ensure_default_roles
from merchant.platforms.registry import spoken_with
from merchant.platforms.sandbox import accounts as sandbox
from merchant.policy import services as policy
from merchant.shops import services
from merchant.shops.models import CourierAccount, Platform, PlatformAccount, Shop


@dataclass(frozen=True)
class DemoShops:
    """`kuaishou` and `douyin` live on platforms, `own` sells by itself and is paid through WeChat Pay."""

    kuaishou: Shop
    own: Shop
    douyin: Shop
    people: dict[str, User]

    @property
    def agent(self) -> User:
        return self.people["agent"]


def open_shops() -> DemoShops:
    """Shops, people, agreement and accounts."""
    people = {person.seat or person.role: _person(person) for person in PEOPLE}
    roles = ensure_default_roles()
    shops = [
        Shop.objects.create(
            platform=Platform.KUAISHOU, external_id=sandbox.KUAISHOU_SELLER_ID, name="山月生活馆（快手）"
        ),
        Shop.objects.create(platform=Platform.OWN, external_id="demo-own", name="山月生活馆（自营）"),
        Shop.objects.create(platform=Platform.DOUYIN, external_id=sandbox.DOUYIN_SHOP_ID, name="山月生活馆（抖店）"),
    ]
    for shop in shops:
        team = Team.objects.create(shop=shop, name="白班")
        for person in PEOPLE:
            if person.role != "platform_admin":
                Membership.objects.create(
                    user=people[person.seat or person.role],
                    shop=shop,
                    role=roles[person.role],
                    team=team if person.role in ("agent", "supervisor") else None,
                )
    for shop in shops:
        services.sign_agreement(shop, by=people["owner"])
        _couriers(shop)
        promises = {"late_ship": True, "return_freight": True}
        policy.change(shop, by=people["owner"], reason="晚发立赔、退货补运费对全部订单开启", benefits=promises)
    PlatformAccount.objects.create(
        shop=shops[0],
        platform="kuaishou",
        app_key=sandbox.KUAISHOU_APP_KEY,
        name="快手开放平台",
        secrets=sandbox.KUAISHOU_SECRETS,
    )
    PlatformAccount.objects.create(
        shop=shops[1],
        platform="wechat_pay",
        app_key=sandbox.WECHAT_PAY_MCHID,
        name="微信支付商户",
        secrets=sandbox.wechat_pay_secrets(),
    )
    PlatformAccount.objects.create(
        shop=shops[2],
        platform="douyin",
        app_key=sandbox.DOUYIN_APP_KEY,
        name="抖店开放平台",
        secrets=sandbox.DOUYIN_SECRETS,
    )
    return DemoShops(shops[0], shops[1], shops[2], people)


def push_url(account: CourierAccount | PlatformAccount) -> str:
    """Where the sandbox sends this account's pushes."""
    name = "courier_push" if isinstance(account, CourierAccount) else "platform_push"
    return settings.SITE_URL + reverse(name, args=[account.push_token])


def tell_our_doors() -> None:
    """Tell both sandboxes where our push doors are now: another port is another address."""
    # Kuaidi100 is told with every subscription.
    for account in CourierAccount.objects.filter(is_active=True, via=""):
        told = {"courier": account.courier, "account": merchant_of(account.shop), "push_url": push_url(account)}
        outside.courier("/control/push_urls", told)
    for platform_account in PlatformAccount.objects.filter(platform__in=spoken_with(), is_active=True):
        outside.platform(
            "/control/push_targets", {"app_key": platform_account.app_key, "push_url": push_url(platform_account)}
        )


def merchant_of(shop: Shop) -> str:
    """By what name the courier's sandbox knows this shop."""
    return {Platform.OWN: "own", Platform.DOUYIN: "douyin"}.get(Platform(shop.platform), "demo")


def _person(person: DemoPerson) -> User:
    is_admin = person.role == "platform_admin"
    user = User(
        username=person.username,
        display_name=person.name,
        is_staff=is_admin,
        is_superuser=is_admin,
        is_platform_admin=is_admin,
    )
    user.set_password(person.password)
    user.save()
    return user


def _couriers(shop: Shop) -> None:
    merchant = merchant_of(shop)
    for courier, name, fee, freight in (
        ("zto", "中通", 300, 450),
        ("yto", "圆通", 350, 480),
        ("sto", "申通", 320, 460),
        ("jt", "极兔", 280, 420),
        ("sf", "顺丰", 600, 900),
    ):
        # The shop of its own has no interface with SF and follows those parcels through Kuaidi100.
        via = "kuaidi100" if courier == "sf" and shop.platform == Platform.OWN else ""
        CourierAccount.objects.create(
            shop=shop,
            courier=courier,
            via=via,
            name=f"{name} 义乌网点",
            customer_code=f"DEMO-{courier.upper()}-{shop.pk}",
            # One e-waybill that is still to be enabled on the platform, as in a shop that is changing over (E09).
            has_ewaybill=courier != "jt" or shop.platform == Platform.OWN,
            rate_card={"intercept_fee_fen": fee, "back_freight_fen": freight},
            secrets=secrets_of(via or courier, merchant),
        )

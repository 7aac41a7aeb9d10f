"""What the reader of the board may see and asked for: shops, a period, and whose figures."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import QueryDict

from merchant.clock import SHANGHAI, now
from merchant.people.models import User
from merchant.people.rights import Right, can
from merchant.people.visibility import shops_of
from merchant.ui.query_params import parse_int

PERIODS = (7, 14, 28, 56)
DEFAULT = 14
DAY = timedelta(days=1)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)


def today() -> date:
    return now().astimezone(SHANGHAI).date()


def day_of(text: str) -> date | None:
    """`2026-11-20` as a day, None for what is none, or at the ends of the calendar, where no other day follows."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=SHANGHAI).date()
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


@dataclass(frozen=True)
class Asked:
    """`shops` are those whose board this is; `shop` narrows it to one of them. Without the right to see the board a
    person who settles cases sees the figures of their own work (`is_own`)."""

    user: User
    shops: tuple[int, ...]
    is_own: bool
    shop: int | None
    days: int

    @classmethod
    def read(cls, query: QueryDict, user: User) -> "Asked | None":
        """None when there is no board for this person."""
        mine = shops_of(user)
        led = [shop for shop in mine if can(user, shop, Right.SEE_BOARD)]
        own = [] if led else [shop for shop in mine if can(user, shop, Right.AGREE_CASE)]
        shops = tuple(led or own)
        if not shops:
            return None
        shop, days = parse_int(query.get("shop", "")), parse_int(query.get("days", ""))
        return cls(
            user=user,
            shops=shops,
            is_own=not led,
            shop=shop if shop in shops else None,
            days=days if days in PERIODS else DEFAULT,
        )

    @property
    def first_day(self) -> date:
        """The period ends with today."""
        return today() - DAY * (self.days - 1)

    @property
    def all_days(self) -> list[date]:
        return [self.first_day + DAY * back for back in range(self.days)]

    @property
    def start(self) -> datetime:
        return midnight(self.first_day)

    @property
    def end(self) -> datetime:
        return midnight(today() + DAY)

    @property
    def more(self) -> str:
        """The filters for the links to rows, to be put behind another parameter."""
        return f"&shop={self.shop}" if self.shop else ""

    def rows(self, model: Any) -> Any:
        """A model's rows on this board."""
        if self.shop is not None:
            return model.objects.seen_in(self.shop, self.user, many=True)
        return model.objects.visible_to(self.user, many=True).filter(shop_id__in=self.shops)

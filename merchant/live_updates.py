"""Whether anything of a shop changed since somebody looked, and who looks at what: two Redis keys, ids only.

Every line of the trail and every news of a parcel bumps its shop's number after the commit. A page that still has the
number it saw last need not be drawn anew. A bump may get lost with its process or with Redis, so whoever compares also
looks anew every few seconds (`EVERY_S`), and always while Redis is silent.
"""

import time
from collections.abc import Iterable
from typing import Any

import redis
from django.db import connection, transaction

from merchant import wakeups

# A bump that got lost is made up for by looking anew after so long.
EVERY_S = 15
# A page asks every second or two; one that was quiet for longer is closed, hidden or asleep.
PRESENT_S = 6
_FORGET_S = 7 * 86_400


def bump_after_commit(shop_ids: Iterable[int | None]) -> None:
    """Say that something of these shops changed, once this transaction has committed; once a shop, however often."""
    calls = [entry[1] for entry in connection.run_on_commit]
    waiting = {call.shop_id for call in calls if isinstance(call, _Bump) and not call.is_done}
    for shop_id in {shop_id for shop_id in shop_ids if shop_id is not None} - waiting:
        transaction.on_commit(_Bump(shop_id), robust=True)


def look(shop_ids: Iterable[int], *, look_at: str = "", by: int = 0) -> tuple[str, list[int]]:
    """(what a page that is up to date holds, the ids of the others who look at the same thing).

    `look_at` names what this person has open, "" nothing; it counts as open for PRESENT_S from now. The first is empty
    when Redis is silent: then nobody knows, and the page looks anew."""
    shops = sorted(shop_ids)
    moment = int(time.time())

    def question(client: redis.Redis) -> Any:
        with client.pipeline(transaction=False) as pipe:
            pipe.mget([_key(shop) for shop in shops] or [_key(0)])
            if look_at:
                pipe.zadd(_open(look_at), {str(by): moment})
                pipe.expire(_open(look_at), PRESENT_S)
                pipe.zrangebyscore(_open(look_at), moment - PRESENT_S, "+inf")
            return pipe.execute()

    answer = wakeups.ask(question, otherwise=None)
    if answer is None:
        return "", []
    numbers = "-".join((number or b"0").decode() for number in answer[0])
    others = sorted(int(one) for one in answer[-1] if int(one) != by) if look_at else []
    return f"{numbers}@{moment // EVERY_S}", others


def leave(look_at: str, *, by: int) -> None:
    """This person has closed it."""
    wakeups.ask(lambda client: client.zrem(_open(look_at), by), otherwise=0)


class _Bump:
    """Counts one more for a shop, once."""

    def __init__(self, shop_id: int) -> None:
        self.shop_id, self.is_done = shop_id, False

    def __call__(self) -> None:
        self.is_done = True
        wakeups.ask(self._count, otherwise=None)

    def _count(self, client: redis.Redis) -> Any:
        with client.pipeline(transaction=False) as pipe:
            pipe.incr(_key(self.shop_id))
            pipe.expire(_key(self.shop_id), _FORGET_S)
            return pipe.execute()


def _key(shop_id: int) -> str:
    # The database's name, so that two installations (or tests) may share a Redis.
    return f"huicang:{connection.settings_dict['NAME']}:pulse:{shop_id}"


def _open(look_at: str) -> str:
    return f"huicang:{connection.settings_dict['NAME']}:open:{look_at}"

"""The couriers' side of the wire for this room's tests: what they answer, and what they were asked."""

import json
from collections.abc import Callable
from typing import Any

from logistics.couriers.base import Answer, Call, CourierError, ErrorClass


class Wire:
    """Stands in for HTTP. `answers` holds, per piece of URL, what is answered next; the last one is repeated."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, list[Any]] = {}

    def on(self, piece: str, *answers: Any) -> None:
        self.answers[piece] = list(answers)

    def send(self, call: Call) -> Answer:
        self.calls.append(call)
        for piece, queue in self.answers.items():
            if piece in call.url:
                answer = queue.pop(0) if len(queue) > 1 else queue[0]
                answer = answer(call) if isinstance(answer, Callable) else answer
                if isinstance(answer, Exception):
                    raise answer
                return Answer(answer if isinstance(answer, str) else json.dumps(answer), call.is_write)
        raise AssertionError(f"nothing was expected at {call.url}")

    def count(self, piece: str) -> int:
        return sum(piece in call.url for call in self.calls)


CREATE, CANCEL, QUERY = "createIntercept", "cancelIntercept", "queryInterceptAndReturnStatus"
TRACK = "waybill.track.query"
YTO_CREATE, YTO_TRACK = "wanted_report_adapter", "track_query_adapter"
ZTO_OK = {"status": True, "statusCode": "SYS000", "message": "ok", "data": {"centerBizNo": "WO-77"}}
YTO_OK = {"statusCode": 0, "statusMessage": "成功"}


def zto_status(code: str, name: str = "") -> dict[str, Any]:
    return {"status": True, "statusCode": "SYS000", "data": {"status": code, "statusName": name}}


def zto_refusal(code: str, message: str = "") -> dict[str, Any]:
    return {"status": False, "statusCode": code, "message": message, "data": None}


def silence() -> CourierError:
    """The connection was lost after the request was sent: nobody knows whether it arrived."""
    return CourierError(ErrorClass.TRANSIENT, "timeout", "no answer", is_unknown_outcome=True)


def down() -> CourierError:
    """Nothing was sent: the courier's door was shut."""
    return CourierError(ErrorClass.TRANSIENT, "connect", "refused")

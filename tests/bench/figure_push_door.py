"""The push door against an empty view and one committed INSERT of the same body, both through the whole middleware.

As a shop meets it that is not in a hurry: the worker has just looked, so every push wakes it anew.
"""

import base64
import hashlib
import json
import time
from urllib.parse import urlencode

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from tests.bench.figures import figure, measure, note

PUSHES = 200


@csrf_exempt
def empty_view(request: HttpRequest) -> HttpResponse:
    """The floor: the body as it came, committed, one row."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_floor (body) VALUES (%s)", [request.body])
    return HttpResponse('{"status": true}', content_type="application/json")


urlpatterns = [
    path("floor/", empty_view),
    path("push/courier/", include("logistics.couriers.urls")),
    # The middleware asks of every request whether it is this page.
    path("accounts/login/", empty_view, name="login"),
]


def run() -> None:
    from merchant.celery import app
    from merchant.wakeups import about_to_look
    from tests.bench.material import zto_parcels

    account, waybills = zto_parcels(200)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_floor (id bigserial PRIMARY KEY, body bytea NOT NULL)")
    client = Client()
    client.handler._middleware_chain = WSGIHandler()._middleware_chain  # the product's own chain, loaded once
    counter = iter(range(10**9))

    def bodies() -> list[bytes]:
        # Never the same twice: a repetition would be recognised and cost less.
        return [signed_push(account, waybill, next(counter)) for waybill in waybills[:PUSHES]]

    ready = [bodies() for _ in range(20)]

    def post(url: str, batch: list[bytes]) -> None:
        for body in batch:
            about_to_look("merchant.sweep_courier_pushes")  # both pay for it; the worker does it in life
            answer = client.post(url, body, content_type="application/x-www-form-urlencoded")
            assert answer.status_code == 200, (url, answer.status_code, answer.content)

    # Waking the worker belongs to the door and is measured with it; what the worker then does is not.
    was, app.conf.task_always_eager = app.conf.task_always_eager, False
    with override_settings(ROOT_URLCONF=__name__):
        door = f"/push/courier/{account.push_token}/"
        try:
            ours, floor = measure(lambda: post(door, ready.pop()), lambda: post("/floor/", ready.pop()), rounds=7)
        finally:
            app.conf.task_always_eager = was
    note(f"push door {ours / PUSHES * 1000:.2f} ms, floor {floor / PUSHES * 1000:.2f} ms a push, one connection")
    figure("push door / empty view + one committed INSERT", ours / floor, 3)


def signed_push(account, waybill: str, number: int) -> bytes:
    data = json.dumps(
        {
            "billCode": waybill,
            "action": "SEND",
            "actionTime": time.strftime("%Y-%m-%d %H:%M:%S"),
            "facilityName": f"站点{number}",
            "city": "杭州市",
            "desc": "快件已发往下一站",
        },
        ensure_ascii=False,
    )
    digest = base64.b64encode(hashlib.md5((data + account.secrets["app_secret"]).encode()).digest()).decode()
    return urlencode({"data": data, "data_digest": digest, "msg_type": "Traces"}).encode()

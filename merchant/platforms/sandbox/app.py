"""The sandbox's process: both wires, the message push, the control API and its page on one port."""

import asyncio
import contextlib
import gzip
import json
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from merchant.platforms.sandbox import page, pictures
from merchant.platforms.sandbox.control import Control
from merchant.platforms.sandbox.douyin_wire import DouyinWire
from merchant.platforms.sandbox.journal import Journal
from merchant.platforms.sandbox.kuaishou_wire import KuaishouWire
from merchant.platforms.sandbox.outbox import Outbox
from merchant.platforms.sandbox.wechat_notices import WeChatNotices
from merchant.platforms.sandbox.wechat_wire import PayError, WeChatPayWire, error_body
from merchant.platforms.sandbox.world import RefusedError, World

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_BODY_BYTES = 64 * 1024 * 1024
TICK_S = 0.05
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Sandbox:
    """Everything one sandbox process holds."""

    def __init__(self, state: Path | None, scale: float) -> None:
        self.journal = Journal(state)
        self.world = World(self.journal, scale)
        self.outbox = Outbox(self.world)
        self.kuaishou = KuaishouWire(self.world)
        self.douyin = DouyinWire(self.world)
        self.wechat = WeChatPayWire(self.world)
        self.wechat_notices = WeChatNotices(self.wechat)
        self.control = Control(self.world, self.outbox, self.wechat)

    # --- the wires ---------------------------------------------------------------------------------------------

    async def serve_kuaishou(self, request: web.Request) -> web.StreamResponse:
        params = {name: str(value) for name, value in request.query.items()}
        if request.method == "POST":
            params |= {name: str(value) for name, value in (await request.post()).items()}

        def work() -> web.Response:
            answer = self.kuaishou.answer(request.path, request.method, params)
            return web.json_response(answer, dumps=_dumps)

        return await self._with_faults(request, work)

    async def serve_douyin(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()

        def work() -> web.Response:
            query = {name: str(value) for name, value in request.query.items()}
            return web.json_response(self.douyin.answer(request.path, query, body), dumps=_dumps)

        return await self._with_faults(request, work)

    async def serve_wechat(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()

        def work() -> web.Response:
            try:
                self.wechat.check_signature(
                    request.headers.get("Authorization", ""), request.method, request.path_qs, body
                )
                if request.method == "POST":
                    answer = self.wechat.create(_object(body))
                else:
                    answer = self.wechat.query(request.match_info["number"])
            except PayError as refused:
                return web.Response(status=refused.status, text=error_body(refused), content_type="application/json")
            text = _dumps(answer)
            return web.Response(text=text, content_type="application/json", headers=self.wechat.signed_headers(text))

        return await self._with_faults(request, work)

    async def serve_bill(self, request: web.Request) -> web.StreamResponse:
        """The address of a day's fund bill, and the bill itself: packed, and not signed."""
        try:
            self.wechat.check_signature(request.headers.get("Authorization", ""), "GET", request.path_qs, "")
            if request.path.endswith("/file"):
                packed = gzip.compress(self.wechat.bill(request.query.get("token", "")))
                return web.Response(body=packed, content_type="application/octet-stream")
            text = _dumps(self.wechat.bill_address(request.query.get("bill_date", ""), f"http://{request.host}"))
        except PayError as refused:
            return web.Response(status=refused.status, text=error_body(refused), content_type="application/json")
        return web.Response(text=text, content_type="application/json", headers=self.wechat.signed_headers(text))

    async def _with_faults(self, request: web.Request, work: Callable[[], web.Response]) -> web.StreamResponse:
        """Do the work, or not, and answer, or not."""
        faults = self.world.faults
        if faults.strikes("rate_5xx"):
            return web.Response(status=502, text="<html><body>502 Bad Gateway</body></html>", content_type="text/html")
        answer = work()
        if faults.strikes("slow"):
            await asyncio.sleep(faults.slow_s)
        if faults.strikes("lost"):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if faults.strikes("garbage"):
            return web.Response(text=random.choice(('{"result":', "", "<html>", '{"ok":true}', "null", "[]")))
        return answer

    # --- the control API ---------------------------------------------------------------------------------------

    async def show_state(self, request: web.Request) -> web.Response:
        return _json(self.control.state())

    async def show_ledger(self, request: web.Request) -> web.Response:
        return _json(self.control.ledger())

    async def show_refund(self, request: web.Request) -> web.Response:
        return _json(self.world.refund(request.match_info["key"]))

    async def show_order(self, request: web.Request) -> web.Response:
        return _json(self.world.order(request.match_info["key"]))

    async def show_trade(self, request: web.Request) -> web.Response:
        trade = self.wechat.trades[request.match_info["key"]]
        refunds = [row for row in self.wechat.refunds.values() if row["out_trade_no"] == trade["out_trade_no"]]
        return _json({**trade, "refunds": refunds})

    async def show_pushes(self, request: web.Request) -> web.Response:
        return _json(self.outbox.pushes)

    async def show_faults(self, request: web.Request) -> web.Response:
        return _json(self.world.faults.as_row())

    async def make_bulk(self, request: web.Request) -> web.Response:
        return _json(self.control.bulk(**await _values(request)), status=201)

    async def make_order(self, request: web.Request) -> web.Response:
        return _json(self.control.add_order(**await _values(request)), status=201)

    async def make_refund(self, request: web.Request) -> web.Response:
        return _json(self.control.add_refund(**await _values(request)), status=201)

    async def make_trade(self, request: web.Request) -> web.Response:
        return _json(self.control.add_trade(**await _values(request)), status=201)

    async def make_flow(self, request: web.Request) -> web.Response:
        return _json(self.wechat.add_flow(**await _values(request)), status=201)

    async def act_on_refund(self, request: web.Request) -> web.Response:
        values = await _values(request)
        return _json(self.control.act(request.match_info["key"], request.match_info["verb"], **values))

    async def ship_order(self, request: web.Request) -> web.Response:
        return _json(self.control.ship(request.match_info["key"], **await _values(request)))

    async def receive_order(self, request: web.Request) -> web.Response:
        await _values(request)
        return _json(self.control.receive(request.match_info["key"]))

    async def act_on_order(self, request: web.Request) -> web.Response:
        values = await _values(request)
        return _json(self.world.move_order(request.match_info["key"], request.match_info["verb"], **values))

    async def set_faults(self, request: web.Request) -> web.Response:
        return _json(self.world.set_faults(await _values(request)).as_row())

    async def set_target(self, request: web.Request) -> web.Response:
        return _json(self.control.set_target(**await _values(request)))

    async def expire_token(self, request: web.Request) -> web.Response:
        return _json(self.douyin.expire_token(str((await _values(request)).get("app_key"))))

    async def set_purse(self, request: web.Request) -> web.Response:
        self.wechat.set_balance((await _values(request)).get("balance_fen"))
        return _json({"balance_fen": self.wechat.balance_fen})

    async def send_again(self, request: web.Request) -> web.Response:
        await _values(request)
        return _json(self.outbox.send_again(request.match_info["key"]))

    async def show_health(self, request: web.Request) -> web.Response:
        return _json({"ok": True, "scale": self.world.scale})

    # --- the process -------------------------------------------------------------------------------------------

    def application(self) -> web.Application:
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_errors_as_json])
        app.on_response_prepare.append(_add_security_headers)
        app.cleanup_ctx.append(self._live)
        add = app.router.add_route
        add("GET", "/open/{tail:.+}", self.serve_kuaishou)
        add("POST", "/open/{tail:.+}", self.serve_kuaishou)
        for room in ("afterSale", "order", "token"):
            add("POST", f"/{room}/{{tail:.+}}", self.serve_douyin)
        add("POST", "/v3/refund/domestic/refunds", self.serve_wechat)
        add("GET", "/v3/refund/domestic/refunds/{number}", self.serve_wechat)
        add("GET", "/v3/bill/fundflowbill", self.serve_bill)
        add("GET", "/v3/billdownload/file", self.serve_bill)
        add("POST", "/control/flows", self.make_flow)
        add("GET", "/control/state", self.show_state)
        add("GET", "/control/ledger", self.show_ledger)
        add("GET", "/control/faults", self.show_faults)
        add("POST", "/control/faults", self.set_faults)
        add("POST", "/control/bulk", self.make_bulk)
        add("POST", "/control/orders", self.make_order)
        add("GET", "/control/orders/{key}", self.show_order)
        add("POST", "/control/orders/{key}/ship", self.ship_order)
        add("POST", "/control/orders/{key}/receive", self.receive_order)
        add("POST", "/control/orders/{key}/{verb}", self.act_on_order)
        add("POST", "/control/refunds", self.make_refund)
        add("GET", "/control/refunds/{key}", self.show_refund)
        add("POST", "/control/refunds/{key}/{verb}", self.act_on_refund)
        add("POST", "/control/trades", self.make_trade)
        add("GET", "/control/trades/{key}", self.show_trade)
        add("POST", "/control/purse", self.set_purse)
        add("POST", "/control/expire_token", self.expire_token)
        add("POST", "/control/push_targets", self.set_target)
        add("GET", "/control/pushes", self.show_pushes)
        add("POST", "/control/pushes/{key}/again", self.send_again)
        add("GET", "/pictures/{item:[0-9]{1,20}}.png", _show_picture)
        add("GET", "/health", self.show_health)
        page.add_routes(app)
        return app

    async def _live(self, app: web.Application) -> AsyncIterator[None]:
        """Time passes and messages go out while the server runs."""
        # A fresh connection a message, as from a platform's many machines; a kept one would hold a merchant's thread.
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
            work = (self._pass_time(), self.outbox.run(session), self.wechat_notices.run(session))
            jobs = [asyncio.create_task(one) for one in work]
            yield
            for job in jobs:
                job.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await job
        self.journal.close()

    async def _pass_time(self) -> None:
        while True:
            try:
                self.world.tick()
                self.wechat.tick()
            except Exception:
                # A bug in one row must not stop the clock for all.
                logger.exception("the sandbox's clock stumbled")
            await asyncio.sleep(TICK_S)


def run(host: str, port: int, state: Path | None, scale: float) -> None:
    """Serve until a signal ends it."""
    sandbox = Sandbox(state, scale)
    web.run_app(sandbox.application(), host=host, port=port, access_log=None, print=lambda *_: None)


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What the control API will not do, in a sentence."""
    try:
        return await handler(request)
    except RefusedError as refused:
        return _json({"error": refused.message, "code": refused.code}, status=409)
    except KeyError as error:
        return _json({"error": f"nothing here by the number {error}"}, status=404)
    except (ValueError, TypeError) as error:
        return _json({"error": str(error)}, status=400)


async def _show_picture(request: web.Request) -> web.Response:
    body = await asyncio.to_thread(pictures.picture, request.match_info["item"])
    return web.Response(body=body, content_type="image/png")


async def _add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)


async def _values(request: web.Request) -> dict[str, Any]:
    """The JSON object of a control call. Only this content type: a form of another site's page cannot send it."""
    if request.content_type != "application/json":
        raise ValueError("send JSON with Content-Type: application/json")
    return _object(await request.text() or "{}")


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text or "{}")
    if not isinstance(value, dict):
        raise ValueError("a JSON object is expected")
    return value


def _json(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status, dumps=_dumps)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

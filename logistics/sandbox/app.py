"""The process: every courier's wire on one port, the control API, the control page, and what lives behind them."""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from aiohttp import web

from logistics.sandbox import control, page
from logistics.sandbox.pusher import Pusher
from logistics.sandbox.store import Store
from logistics.sandbox.wires import WAYS, WIRES, Wire
from logistics.sandbox.world import Asked, Spoiled, World

log = logging.getLogger(__name__)

WORLD: web.AppKey[World] = control.WORLD
SLOW_CALL_S: web.AppKey[float] = web.AppKey("slow_call_s", float)
GARBAGE = "<html><head><title>502</title></head><body>upstream \ufffd\ufffd connect error</body></html>"


def create_app(state: Path | str, *, scale: float = 1.0, slow_call_s: float = 10.0) -> web.Application:
    """`state` is the file everything is kept in; `slow_call_s` how long a slow answer takes (real seconds)."""
    app = web.Application(client_max_size=4 * 1024 * 1024)
    app[WORLD] = World(Store(state), scale=scale)
    app[SLOW_CALL_S] = slow_call_s
    app.cleanup_ctx.append(_background)
    app.router.add_get("/health", _health)
    control.add_routes(app)
    page.add_routes(app)
    for code, wire in {**WAYS, **WIRES}.items():
        app.router.add_post(wire.ROUTE, _door(code, wire))
    return app


async def _background(app: web.Application) -> AsyncIterator[None]:
    world = app[WORLD]
    tasks = [asyncio.create_task(_for_ever(world.live)), asyncio.create_task(_for_ever(Pusher(world).run))]
    yield
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    world.store.close()


async def _for_ever(run: "control.Job") -> None:
    """Keep a background job going: a bug in one step is logged, it does not silence the courier."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("the sandbox's background stumbled")
            await asyncio.sleep(0.5)


async def _health(request: web.Request) -> web.Response:
    return web.json_response({"ok": True, "parcels": len(request.app[WORLD].store.parcels)})


def _door(code: str, wire: Wire) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def door(request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked, world = Asked(request.match_info, headers, await request.read()), request.app[WORLD]
        world.count(f"{code}:{wire.operation(asked)}")
        return await _answer(request, lambda: wire.answer(world, asked))

    return door


async def _answer(request: web.Request, work: "control.Work") -> web.StreamResponse:
    """Do the work and answer, unless something is to go wrong before or after it."""
    world = request.app[WORLD]
    delay, spoiled = world.faults.delay_s(), world.faults.spoiled()
    if delay:
        await asyncio.sleep(delay)
    if spoiled and random.random() < 0.5:
        return _spoil(request, spoiled)
    try:
        body, content_type = work()
    except Spoiled as parcel_fault:
        if parcel_fault.kind != "slow":
            return _spoil(request, parcel_fault.kind)
        await asyncio.sleep(request.app[SLOW_CALL_S])
        body, content_type = parcel_fault.body, "application/json"
    if spoiled:
        return _spoil(request, spoiled)
    return web.Response(body=body.encode(), headers={"content-type": content_type})


def _spoil(request: web.Request, kind: str) -> web.Response:
    request.app[WORLD].count(f"fault:{kind}")
    if kind == "garbage":
        return web.Response(text=GARBAGE, content_type="text/html")
    if kind == "drop" and request.transport is not None:
        request.transport.abort()
    return web.Response(status=random.choice((500, 502, 503)), text="<html>error</html>", content_type="text/html")

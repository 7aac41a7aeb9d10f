"""The control API: what tests, the demo and the control page tell the courier. JSON in, JSON out."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from logistics.sandbox.lives import LIVES, STARTS
from logistics.sandbox.parcels import VERBS, Parcel, Refusal
from logistics.sandbox.words import COURIERS
from logistics.sandbox.world import World

WORLD: web.AppKey[World] = web.AppKey("world", World)
Job = Callable[[], Awaitable[None]]
Work = Callable[[], tuple[str, str]]

MAX_LISTED = 1000


def add_routes(app: web.Application) -> None:
    app.router.add_get("/control/parcels", list_parcels)
    app.router.add_post("/control/parcels", create_parcels)
    app.router.add_get("/control/parcels/{waybill}", show_parcel)
    app.router.add_post("/control/parcels/{waybill}/advance", advance_parcel)
    app.router.add_post("/control/parcels/{waybill}/repush", repush_parcel)
    app.router.add_get("/control/faults", show_faults)
    app.router.add_post("/control/faults", change_faults)
    app.router.add_get("/control/push_urls", show_push_urls)
    app.router.add_post("/control/push_urls", change_push_url)
    app.router.add_get("/control/stats", show_stats)
    app.router.add_get("/control/words", show_words)
    app.router.add_post("/control/reset", reset)


def check_origin(request: web.Request) -> None:
    """Another site's page in the same browser must not command the courier."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.host:
        raise web.HTTPForbidden(text="cross-site")


async def create_parcels(request: web.Request) -> web.Response:
    """One parcel or a list of them; all or none are made. Existing waybills stay as they are."""
    told = await _json(request)
    many = told if isinstance(told, list) else [told]
    if not all(isinstance(one, dict) for one in many):
        raise _refused("a parcel is an object")
    try:
        made = request.app[WORLD].create(many)
    except (Refusal, ValueError, TypeError) as error:
        raise _refused(str(error)) from error
    if isinstance(told, list):
        return web.json_response({"created": len(made)}, status=201)
    return web.json_response(described(made[0]), status=201)


async def list_parcels(request: web.Request) -> web.Response:
    limit = min(int(request.query.get("limit", "100") or 100), MAX_LISTED)
    found = chosen(request.app[WORLD], request.query.get("q", ""), request.query.get("state", ""))
    return web.json_response({"count": len(found), "parcels": [described(parcel) for parcel in found[:limit]]})


async def show_parcel(request: web.Request) -> web.Response:
    return web.json_response(described(_parcel(request)))


async def advance_parcel(request: web.Request) -> web.Response:
    """{"to": verb}: make it happen now. 409 with a sentence when it cannot."""
    told = await _json(request)
    parcel = _parcel(request)
    try:
        request.app[WORLD].act(parcel, str(told.get("to") or ""))
    except Refusal as refusal:
        raise _refused(str(refusal), web.HTTPConflict) from refusal
    return web.json_response(described(parcel))


async def repush_parcel(request: web.Request) -> web.Response:
    """{"times": n}: push the last scan again."""
    told = await _json(request)
    times = max(1, min(int(told.get("times", 1)), 100))
    return web.json_response({"sent": request.app[WORLD].push_again(_parcel(request), times)})


async def show_faults(request: web.Request) -> web.Response:
    return web.json_response(request.app[WORLD].faults.as_dict())


async def change_faults(request: web.Request) -> web.Response:
    told = await _json(request)
    try:
        request.app[WORLD].set_faults(told)
    except (ValueError, TypeError) as error:
        raise _refused(str(error)) from error
    return web.json_response(request.app[WORLD].faults.as_dict())


async def show_push_urls(request: web.Request) -> web.Response:
    return web.json_response(request.app[WORLD].push_urls)


async def change_push_url(request: web.Request) -> web.Response:
    """{"courier", "account", "push_url"}: where scans of the account's subscribed parcels go; "" for nowhere."""
    told = await _json(request)
    courier, url = told.get("courier"), str(told.get("push_url") or "")
    if courier not in COURIERS:
        raise _refused(f"courier is one of {', '.join(COURIERS)}")
    if url and not url.startswith(("http://", "https://")):
        raise _refused("push_url must be http(s)")
    request.app[WORLD].set_push_url(courier, str(told.get("account") or "demo"), url)
    return web.json_response(request.app[WORLD].push_urls)


async def show_stats(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    return web.json_response(
        {
            "calls": world.counts,
            "pushes": world.store.push_counts(),
            "under_way": world.pushes_under_way,
            "parcels": len(world.store.parcels),
        }
    )


async def show_words(request: web.Request) -> web.Response:
    """What may be said: lives, starts, verbs."""
    lives = {name: life.label_en for name, life in LIVES.items()}
    return web.json_response({"scripts": lives, "starts": list(STARTS), "verbs": list(VERBS)})


async def reset(request: web.Request) -> web.Response:
    check_origin(request)
    request.app[WORLD].store.clear()
    return web.json_response({"ok": True})


def described(parcel: Parcel) -> dict[str, Any]:
    """A parcel as the control API shows it: everything kept, plus the interception that counts."""
    told = parcel.as_dict()
    told["intercept"] = told["intercepts"][-1] if told["intercepts"] else None
    return told


def chosen(world: World, query: str, state: str) -> list[Parcel]:
    """Parcels whose waybill contains `query`, in this state; the last changed first."""
    found = [
        parcel
        for parcel in world.store.parcels.values()
        if query.strip().upper() in parcel.waybill.upper() and (not state or parcel.state == state)
    ]
    return sorted(found, key=lambda parcel: -parcel.changed_at)


def _parcel(request: web.Request) -> Parcel:
    parcel = request.app[WORLD].store.parcels.get(request.match_info["waybill"])
    if parcel is None:
        raise web.HTTPNotFound(text=json.dumps({"error": "no such parcel"}), content_type="application/json")
    return parcel


async def _json(request: web.Request) -> Any:
    check_origin(request)
    try:
        return json.loads(await request.text() or "{}")
    except ValueError as error:
        raise _refused("not JSON") from error


def _refused(message: str, kind: type[web.HTTPException] = web.HTTPBadRequest) -> web.HTTPException:
    return kind(text=json.dumps({"error": message}, ensure_ascii=False), content_type="application/json")

"""The control page: what every parcel is doing, and buttons that make the courier act. Works without script."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from logistics.sandbox.accounts import secrets_of
from logistics.sandbox.control import WORLD, check_origin, chosen
from logistics.sandbox.lives import LIVES, STARTS
from logistics.sandbox.parcels import CHANGING, RUNNING, Parcel, Refusal
from logistics.sandbox.words import BUTTONS, COURIERS, FAULTS, INTERCEPTS, STATES, TEXTS, VERBS
from logistics.sandbox.world import World
from logistics.sandbox.zto import SHANGHAI

FILES = Path(__file__).parent / "page_files"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SHOWN = 60
# The merchant whose account the page shows.
ACCOUNT = "demo"
FIRST_LETTERS = {"zto": "7310", "yto": "YT001", "sto": "77700", "jt": "JT001", "sf": "SF001"}
FILTERS = ("", "asked", "in_transit", "arrived_destination", "out_for_delivery", "returning", "signed", "returned")


def add_routes(app: web.Application) -> None:
    app.router.add_get("/", show)
    app.router.add_post("/act/{waybill}", act)
    app.router.add_post("/fault", fault)
    app.router.add_post("/make", make)
    app.router.add_post("/push_address", push_address)
    app.router.add_get("/page/control.css", _file("control.css", "text/css"))
    app.router.add_get("/page/control.js", _file("control.js", "text/javascript"))


def _file(name: str, content_type: str):
    content = (FILES / name).read_text()

    async def serve(request: web.Request) -> web.Response:
        return web.Response(text=content, content_type=content_type, headers={"X-Content-Type-Options": "nosniff"})

    return serve


class View:
    """What this visitor is looking at: language, filter, search."""

    def __init__(self, request: web.Request, told: dict[str, str]) -> None:
        self.lang = "en" if told.get("lang") == "en" else "zh"
        self.state = told.get("state", "") if told.get("state", "") in FILTERS else ""
        self.query = told.get("q", "")[:40]

    def text(self, name: str, **words: object) -> str:
        return escape(TEXTS[name].in_(self.lang).format(**words))

    def url(self, **changed: str) -> str:
        told = {"lang": self.lang, "state": self.state, "q": self.query, **changed}
        kept = {name: value for name, value in told.items() if value and (name, value) != ("lang", "zh")}
        return "/" + (f"?{urlencode(kept)}" if kept else "")

    def hidden(self) -> str:
        told = {"lang": self.lang, "state": self.state, "q": self.query}
        return "".join(f'<input type="hidden" name="{n}" value="{escape(v)}">' for n, v in told.items() if v)


async def show(request: web.Request) -> web.Response:
    view = View(request, dict(request.query))
    return web.Response(text="".join(_page(request.app[WORLD], view)), content_type="text/html", headers=HEADERS)


async def act(request: web.Request) -> web.Response:
    """A button of a row: make it happen, go back to the page."""
    check_origin(request)
    told = {name: str(value) for name, value in (await request.post()).items()}
    parcel = request.app[WORLD].store.parcels.get(request.match_info["waybill"])
    if parcel is None:
        raise web.HTTPNotFound
    try:
        request.app[WORLD].act(parcel, told.get("to", ""))
    except Refusal as refusal:
        # Somebody else pressed first, or the page was old; the row now shows why.
        raise web.HTTPConflict(text=str(refusal)) from refusal
    raise web.HTTPSeeOther(View(request, told).url())


async def fault(request: web.Request) -> web.Response:
    """A fault switch: on to its usual strength, or off."""
    check_origin(request)
    told = {name: str(value) for name, value in (await request.post()).items()}
    name = told.get("name", "")
    if name not in FAULTS:
        raise web.HTTPBadRequest(text="no such fault")
    request.app[WORLD].set_faults({name: FAULTS[name][1] if told.get("on") == "1" else 0})
    raise web.HTTPSeeOther(View(request, told).url())


async def make(request: web.Request) -> web.Response:
    """A new parcel, with a number of its own where none was written; the page then shows it alone."""
    check_origin(request)
    told = {name: str(value).strip() for name, value in (await request.post()).items()}
    waybill = told.get("waybill") or f"{FIRST_LETTERS.get(told.get('courier', ''), '')}{secrets.randbelow(10**10):010d}"
    parcel: dict[str, Any] = {name: told[name] for name in ("courier", "script", "start") if name in told}
    try:
        request.app[WORLD].create([{**parcel, "waybill": waybill}])
    except (Refusal, ValueError) as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    raise web.HTTPSeeOther(View(request, told).url(q=waybill, state=""))


async def push_address(request: web.Request) -> web.Response:
    """Where the demo account's pushes go: what a merchant enters on the courier's site."""
    check_origin(request)
    told = {name: str(value).strip() for name, value in (await request.post()).items()}
    courier, url = told.get("courier", ""), told.get("push_url", "")
    if courier not in COURIERS or (url and not url.startswith(("http://", "https://"))):
        raise web.HTTPBadRequest(text="an http(s) address of one of the couriers")
    request.app[WORLD].set_push_url(courier, ACCOUNT, url)
    raise web.HTTPSeeOther(f"{View(request, told).url()}#keys-{courier}")


# --- drawing ----------------------------------------------------------------------------------------------------------


def _page(world: World, view: View) -> Iterator[str]:
    other = "en" if view.lang == "zh" else "zh"
    yield (
        f'<!doctype html><html lang="{"en" if view.lang == "en" else "zh-Hans"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{view.text('title')} · 回仓</title>"
        '<link rel="stylesheet" href="/page/control.css"><script src="/page/control.js" defer></script></head><body>'
        f'<header class="top"><div><h1>{view.text("title")}</h1><span class="tag">{view.text("only")}</span></div>'
        f'<a href="{escape(view.url(lang=other))}" lang="{"en" if other == "en" else "zh-Hans"}">'
        f"{view.text('other_lang')}</a></header>"
        f'<main><p class="lead">{view.text("lead")}</p>'
    )
    yield from _search(view)
    yield from _new(view)
    yield from _keys(world, view)
    yield '<div id="live">'
    yield from _faults(world, view)
    yield from _table(world, view)
    yield "</div></main></body></html>"


def _search(view: View) -> Iterator[str]:
    yield '<form class="search" method="get" action="/">'
    if view.lang == "en":
        yield '<input type="hidden" name="lang" value="en">'
    yield (
        f'<label for="q">{view.text("search")}</label><input id="q" name="q" type="search" '
        f'value="{escape(view.query)}" autocomplete="off"><button>{view.text("find")}</button></form>'
        '<nav class="filters">'
    )
    for state in FILTERS:
        name = view.text("all") if not state else view.text("asked") if state == "asked" else _state(state, view)
        current = ' aria-current="page"' if state == view.state else ""
        yield f'<a href="{escape(view.url(state=state))}"{current}>{name}</a>'
    yield "</nav>"


def _new(view: View) -> Iterator[str]:
    """A form for one more parcel: whose it is, how it will live, where it stands."""
    lives = {name: life.label_en if view.lang == "en" else life.label for name, life in LIVES.items()}
    starts = {name: STATES[name].in_(view.lang) for name in STARTS if name in STATES}
    couriers = {name: word.in_(view.lang) for name, word in COURIERS.items()}
    yield f'<details class="new"><summary>{view.text("new")}</summary>'
    yield '<form class="search" method="post" action="/make">'
    yield f'<input type="hidden" name="lang" value="{view.lang}">'
    yield _choice("courier", view.text("courier"), couriers)
    yield f'<label for="waybill">{view.text("search")}</label><input id="waybill" name="waybill" maxlength="40">'
    yield _choice("script", view.text("life"), lives, "stopped")
    yield _choice("start", view.text("start"), starts, "in_transit")
    yield f"<button>{view.text('new')}</button></form></details>"


def _keys(world: World, view: View) -> Iterator[str]:
    """What a courier's site shows a merchant: the values of the demo account, and where its pushes go."""
    yield f'<details class="new" id="keys"><summary>{view.text("keys")}</summary><p>{view.text("keys_help")}</p>'
    for courier, word in COURIERS.items():
        yield f'<details id="keys-{courier}"><summary>{escape(word.in_(view.lang))}</summary><dl>'
        for name, value in _flat(secrets_of(courier, ACCOUNT)):
            yield f"<dt>{escape(name)}</dt><dd><code>{escape(value)}</code></dd>"
        held = world.push_urls.get(f"{courier}:{ACCOUNT}", "")
        yield (
            f'</dl><form class="search" method="post" action="/push_address">{view.hidden()}'
            f'<input type="hidden" name="courier" value="{courier}">'
            f'<label for="push-{courier}">{view.text("push_address")}</label>'
            f'<input id="push-{courier}" name="push_url" value="{escape(held)}" autocomplete="off">'
            f"<button>{view.text('save')}</button></form></details>"
        )
    yield "</details>"


def _flat(secrets: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in secrets.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", str(value)


def _choice(name: str, label: str, options: Mapping[str, str], chosen_one: str = "") -> str:
    drawn = "".join(
        f'<option value="{value}"{" selected" if value == chosen_one else ""}>{escape(text)}</option>'
        for value, text in options.items()
    )
    return f'<label for="{name}">{label}</label><select id="{name}" name="{name}">{drawn}</select>'


def _faults(world: World, view: View) -> Iterator[str]:
    counts = {"done": 0, "open": 0, "given_up": 0, **world.store.push_counts()}
    yield f'<section class="faults" aria-label="{view.text("faults")}"><h2>{view.text("faults")}</h2>'
    for name, (word, _) in FAULTS.items():
        is_on = bool(getattr(world.faults, name))
        yield (
            f'<form method="post" action="/fault">{view.hidden()}<input type="hidden" name="name" value="{name}">'
            f'<input type="hidden" name="on" value="{0 if is_on else 1}">'
            f'<button class="switch" role="switch" aria-checked="{"true" if is_on else "false"}" id="fault-{name}">'
            f"<span>{escape(word.in_(view.lang))}</span><b>{view.text('on' if is_on else 'off')}</b></button></form>"
        )
    yield f'<p class="pushes">{view.text("pushes", **counts)}</p></section>'


def _table(world: World, view: View) -> Iterator[str]:
    found = chosen(world, view.query, view.state if view.state != "asked" else "")
    if view.state == "asked":
        found = [parcel for parcel in found if _is_asked(parcel)]
    # Whoever waits for the courier's word stands first: that is what the page is for.
    found.sort(key=lambda parcel: not _is_asked(parcel))
    if not found:
        yield f'<p class="empty">{view.text("none")}</p>'
        return
    heads = ("parcel", "state", "last", "intercept", "life", "make")
    yield '<div class="scroll"><table><thead><tr>'
    yield "".join(f'<th scope="col">{view.text(head)}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    for parcel in found[:SHOWN]:
        yield from _row(world, parcel, view)
    yield "</tbody></table></div>"
    if len(found) > SHOWN:
        yield f'<p class="empty">{view.text("more", count=len(found) - SHOWN)}</p>'


def _row(world: World, parcel: Parcel, view: View) -> Iterator[str]:
    waybill, last = escape(parcel.waybill), parcel.scans[-1] if parcel.scans else None
    route = f"{parcel.sender_city} → {parcel.receiver_city}"
    yield (
        f'<tr class="{"asked" if _is_asked(parcel) else ""}" id="p-{waybill}"><th scope="row">'
        f'<span class="courier">{escape(COURIERS[parcel.courier].in_(view.lang))}</span><code>{waybill}</code>'
        f"<small>{escape(route)}</small></th>"
        f'<td><span class="state s-{parcel.state}">{_state(parcel.state, view)}</span></td><td>'
    )
    if last is not None:
        at = datetime.fromtimestamp(last["at"], SHANGHAI).strftime("%m-%d %H:%M:%S")
        yield f"<time>{at}</time><small>{escape(last['text'])}</small>"
    yield "</td><td>"
    if parcel.intercepts:
        status = parcel.intercepts[-1].status
        yield f'<span class="state i-{status}">{escape(INTERCEPTS[status].in_(view.lang))}</span>'
    yield f"</td><td><span>{escape(_life(parcel, view))}</span><small>{_next(world, parcel, view)}</small></td>"
    yield f'<td><form class="acts" method="post" action="/act/{waybill}">{view.hidden()}'
    for verb, word in BUTTONS.items():
        why = _why_not(parcel, verb)
        closed = f' disabled title="{view.text(why)}"' if why else ""
        yield f'<button name="to" value="{verb}" class="a-{verb}"{closed}>{escape(word.in_(view.lang))}</button>'
    yield "</form></td></tr>"


def _why_not(parcel: Parcel, verb: str) -> str:
    if verb in ("stop", "fail"):
        return "" if _is_asked(parcel) else "not_asked"
    return "is_over" if parcel.state in ("signed", "returned") else ""


def _is_asked(parcel: Parcel) -> bool:
    """Whether a request to stop it waits for the courier's word."""
    intercept = parcel.active_intercept()
    return intercept is not None and intercept.status in (RUNNING, CHANGING)


def _state(state: str, view: View) -> str:
    return escape(STATES[state].in_(view.lang))


def _life(parcel: Parcel, view: View) -> str:
    life = LIVES[parcel.script]
    return life.label_en if view.lang == "en" else life.label


def _next(world: World, parcel: Parcel, view: View) -> str:
    if parcel.next_at is None or not parcel.plan:
        return view.text("nothing_next")
    seconds = max(0, round(parcel.next_at - world.now()))
    hours, minutes = divmod(seconds // 60, 60)
    unit = {"s": "s", "m": "min", "h": "h"} if view.lang == "en" else {"s": "秒", "m": "分钟", "h": "小时"}
    length = f"{hours} {unit['h']} {minutes} {unit['m']}" if hours else f"{minutes} {unit['m']}"
    if seconds < 120:
        length = f"{seconds} {unit['s']}"
    verb = parcel.plan[0][1]
    return view.text("next", seconds=length, verb=VERBS[verb].in_(view.lang) if verb in VERBS else verb)

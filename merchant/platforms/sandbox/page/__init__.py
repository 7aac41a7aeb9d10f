"""The control page: plain files, no inline script or style, the product's own design tokens, two languages."""

from pathlib import Path

from aiohttp import web

from merchant.platforms.sandbox.accounts import DOUYIN, HOUSE, WECHAT_PAY_MCHID, wechat_pay_secrets
from merchant.platforms.sandbox.page.words import WORDS

HERE = Path(__file__).resolve().parent
STYLES = HERE.parents[3] / "static" / "css"
SHARED = ("tokens", "base", "components/controls", "components/pages")
LANGUAGES = ("zh", "en")


def add_routes(app: web.Application) -> None:
    app.router.add_get("/", _page)
    app.router.add_get("/favicon.ico", _no_icon)
    app.router.add_get("/keys", _keys)
    app.router.add_get("/control.js", _script)
    app.router.add_get("/control.css", _style)
    app.router.add_get("/words/{language}.json", _words)
    for name in SHARED:
        app.router.add_get(f"/css/{name}.css", _shared)


def render(language: str) -> str:
    """The page in one language; `{{ name }}` stands for a sentence of words.py."""
    text = (HERE / "index.html").read_text(encoding="utf-8")
    links = "\n".join(f'<link rel="stylesheet" href="/css/{name}.css">' for name in SHARED)
    text = text.replace("{{ styles }}", links).replace("{{ language }}", language)
    for name, sentence in words(language).items():
        text = text.replace("{{ " + name + " }}", sentence)
    return text


def words(language: str) -> dict[str, str]:
    """Every sentence of the page by its name."""
    column = LANGUAGES.index(language)
    return {name: sentences[column] for name, sentences in WORDS.items()}


async def _page(request: web.Request) -> web.Response:
    language = request.query.get("lang", "zh")
    return web.Response(text=render(language if language in LANGUAGES else "zh"), content_type="text/html")


async def _keys(request: web.Request) -> web.Response:
    """The application of the demo's merchant at each platform, and where its messages go, for the page to draw."""
    apps = [{"platform": app.platform, "app_key": app.app_key, "secrets": {**app.secrets()}} for app in (HOUSE, DOUYIN)]
    pay = {"platform": "wechat_pay", "app_key": WECHAT_PAY_MCHID, "secrets": wechat_pay_secrets()}
    return web.json_response([*apps, pay])


async def _words(request: web.Request) -> web.Response:
    language = request.match_info["language"]
    if language not in LANGUAGES:
        raise web.HTTPNotFound
    return web.json_response(words(language))


async def _no_icon(request: web.Request) -> web.Response:
    return web.Response(status=204)


async def _script(request: web.Request) -> web.Response:
    return _file(HERE / "control.js", "text/javascript")


async def _style(request: web.Request) -> web.Response:
    return _file(HERE / "control.css", "text/css")


async def _shared(request: web.Request) -> web.Response:
    return _file(STYLES / request.path.removeprefix("/css/"), "text/css")


def _file(path: Path, content_type: str) -> web.Response:
    return web.Response(text=path.read_text(encoding="utf-8"), content_type=content_type, charset="utf-8")

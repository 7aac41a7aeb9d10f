"""What nobody sends by mistake, put into what everybody sends: a bounded, repeatable stream of broken documents."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import escape

DEEP = "\u0007deep\u0007"
RAW = {
    f'"{DEEP}"': "[" * 5000 + "]" * 5000,
    '"\\u0007deep\\u0007"': '{"a":' * 3000 + "1" + "}" * 3000,
}
ODD: list[Any] = [
    "\0", "a\0b", "\ud83d", "\udc00x", "x\udfff", "\ufeff", "\u202e", "😀" * 70, float("inf"), float("nan"), -float("inf"),
    10**19, -(10**19), 10**40, 2**63, 2**31, -1, 0, 1.5, 1e300, True, False, None, "", " ", "\n", "x" * 70, "9" * 300,
    "长" * 500, [], {}, [[]], [None], [{}], {"": {}}, {"\0": "\ud800"}, DEEP, "２０２６－１１－３０", "9999-12-31 23:59:59",
    "0000-00-00 00:00:00", "1e9", "Infinity", "../../", "%00", "'; --", "<a>&#0;</a>", "{", "]", "null", -(2**63), "²", "٣",
]  # fmt: skip


def stream(count: int, seed: str) -> Iterator[random.Random]:
    """As many sources of chance, the same in each run."""
    for turn in range(count):
        yield random.Random(f"{seed}:{turn}")


def broken(document: Any, chance: random.Random) -> Any:
    """The document with one to three places of it replaced, dropped, doubled or renamed."""
    document = json.loads(json.dumps(document))
    for _turn in range(chance.choice((1, 1, 1, 2, 3))):
        places = list(_places(document))
        if not places:
            return chance.choice(ODD)
        holder, key = chance.choice(places)
        how = chance.random()
        if how < 0.75:
            holder[key] = chance.choice(ODD)
        elif how < 0.85:
            del holder[key]
        elif how < 0.95:
            holder[key] = [holder[key], holder[key]]
        elif isinstance(holder, dict):
            holder[chance.choice(("\0", "\ud83d", "x" * 300, ""))] = holder.pop(key)
    return document if chance.random() > 0.03 else chance.choice(ODD)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def written(document: Any, chance: random.Random) -> str:
    """The document as text, as a lenient program writes it: `Infinity`, half an emoji as an escape or as it is, depth."""
    text = json.dumps(document, ensure_ascii=chance.random() < 0.7)
    for mark, deep in RAW.items():
        text = text.replace(mark, deep)
    return text


def as_xml(document: Any, root: str) -> str:
    """A flat document as XML; what is none becomes one all the same, as a broken program would write it."""
    fields = document if isinstance(document, dict) else {"x": document}
    return f"<{root}>{''.join(f'<{name}>{escape(str(value))}</{name}>' for name, value in fields.items())}</{root}>"


def bruised(raw: bytes, chance: random.Random) -> bytes:
    """Bytes cut, doubled, turned over, in another encoding or with some put in between."""
    at = chance.randrange(len(raw) + 1)
    ways: list[Callable[[], bytes]] = [
        lambda: raw[:at],
        lambda: raw[:at] + bytes(chance.randrange(256) for _ in range(chance.randrange(1, 6))) + raw[at:],
        lambda: raw + raw,
        lambda: raw.decode(errors="replace").encode("utf-16"),
        lambda: b"\xef\xbb\xbf" + raw,
        lambda: raw.replace(b'"', b"\x00"),
        lambda: b'<?xml version="1.0" encoding="gbk"?>' + raw,
        lambda: b'<?xml version="1.0" encoding="utf-32"?>' + raw,
        lambda: raw[:at] + b"\xed\xa0\x80" + raw[at:],
        lambda: raw.replace(b"<", b"&#0;<", 1),
        lambda: bytes(chance.randrange(256) for _ in range(chance.randrange(200))),
    ]
    return chance.choice(ways)()

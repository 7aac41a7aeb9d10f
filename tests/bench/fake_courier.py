"""`python -m tests.bench.fake_courier`: a ZTO that answers track queries as fast as a Python process can.

It is the other end of the poller's figure, so it does nothing that costs: no check of signatures, no HTTP library, six
scans an answer made from templates. What a parcel's answer holds follows from its number and from how much news was
announced (`POST /news/3`: of every ten parcels so many get one scan more; `POST /all/6`: everybody gets six).
`POST /first` forgets and `GET /first` tells when the first question came, on the clock that all processes share.
The port stands on the first line it prints.
"""

import asyncio
import time

SHOWN = 6
# Far enough back for a few hundred scans, one a minute.
START = int(time.time() // 60 * 60 - 10 * 24 * 3600) * 1000
TURNS = 10
_SCAN = (
    '{"billCode":"%%s","scanType":"%s","scanDate":%%d,"scanSite":{"name":"%s","code":"%s","prov":"浙江","city":"%s",'
    '"isCenter":"%s"},"preOrNextSite":null,"signMan":null,"operateUser":"演示","operateUserCode":"57100.011",'
    '"country":null,"weight":1.2,"desc":"%s","returnType":null,"returnUpdateType":null}'
)
_KINDS = [
    _SCAN % ("到件", "杭州转运中心", "57100", "杭州市", "T", "【杭州市】快件已经到达【杭州转运中心】"),
    _SCAN % ("发件", "杭州转运中心", "57100", "杭州市", "T", "【杭州市】快件离开【杭州转运中心】，已发往【上海分拨中心】"),
    _SCAN % ("到件", "上海分拨中心", "02100", "上海市", "T", "【上海市】快件已经到达【上海分拨中心】"),
    _SCAN % ("发件", "上海分拨中心", "02100", "上海市", "T", "【上海市】快件离开【上海分拨中心】，已发往【苏州转运中心】"),
]  # fmt: skip
_HEAD, _TAIL = '{"status":true,"statusCode":"SYS000","message":"ok","result":[', "]}"


class World:
    """How many scans the parcels have: the same for all whose number ends alike."""

    def __init__(self) -> None:
        self.counts = [SHOWN] * TURNS
        self.turn = 0
        self.first_at = 0.0
        self.templates: list[str] = []
        self.draw()

    def some(self, share: int) -> None:
        """One new scan for `share` of every ten parcels, other ones each time."""
        for place in range(share):
            self.counts[(self.turn + place) % TURNS] += 1
        self.turn = (self.turn + share) % TURNS
        self.draw()

    def all(self, scans: int) -> None:
        self.counts = [count + scans for count in self.counts]
        self.draw()

    def draw(self) -> None:
        self.templates = [self._template(count) for count in self.counts]

    @staticmethod
    def _template(count: int) -> str:
        rows = [_KINDS[n % 4] % ("\0", START + n * 60_000) for n in range(count - SHOWN, count)]
        body = _HEAD + ",".join(rows) + _TAIL
        # The mark is one byte and a waybill fourteen.
        length = len(body.encode()) + SHOWN * 13
        return (
            f"HTTP/1.1 200 OK\r\ncontent-type: application/json;charset=UTF-8\r\ncontent-length: {length}\r\n\r\n{body}"
        )

    def answer(self, waybill: str) -> bytes:
        return self.templates[int(waybill[-1])].replace("\0", waybill).encode()


class Connection(asyncio.Protocol):
    """One keep-alive connection. A request is told by its length line; nothing else of its head is read."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            place = head.find(b"content-length:")
            length = int(head[place + 15 : head.find(b"\r\n", place) % (end + 1)]) if place >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            body, path = self.buffer[end + 4 : end + 4 + length], head.split(b" ", 2)[1]
            self.buffer = self.buffer[end + 4 + length :]
            self.transport.write(self.respond(head, path, body))

    def respond(self, head: bytes, path: bytes, body: bytes) -> bytes:
        if path.startswith((b"/news/", b"/all/", b"/first")):
            return self.control(path, is_post=bool(head.startswith(b"post")))
        self.world.first_at = self.world.first_at or time.monotonic()
        place = body.index(b'"billCode":"') + 12
        return self.world.answer(body[place : body.index(b'"', place)].decode())

    def control(self, path: bytes, *, is_post: bool) -> bytes:
        _empty, verb, *number = path.decode().split("/")
        told = b""
        if verb == "first" and is_post:
            self.world.first_at = 0.0
        elif verb == "first":
            told = str(self.world.first_at).encode()
        else:
            announce = self.world.some if verb == "news" else self.world.all
            announce(int(number[0]))
        return b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(told), told)


async def serve() -> None:
    world = World()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(world), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())

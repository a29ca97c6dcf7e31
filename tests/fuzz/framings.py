"""Requests whose ends two readers may see in two places, and worse."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

#: Asked for by nobody but a request that is hidden in another one.
CANARY = b"/.well-known/jwks.json"
HIDDEN = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % CANARY
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
METHODS = [
    b"get",
    b"GET\0",
    b"G ET",
    b"",
    b"TRACE",
    b"CONNECT",
    b"PRI",
    b"POST",
    b"(GET)",
    b"A" * 90,
]
METHODS += [b"\xff", b"GET\t", b"DELETE", b"OPTIONS", b" GET", b"PUT", b"G\x0bT", b"GET\r\nX: "]
TARGETS = [
    *(b"http://x/healthz", b"https://evil.example/healthz", b"x:443", b"*", b"", b"/healthz#a"),
    *(b"//evil.example/healthz", b"/healthz\0", b"/health z", b"/\xff", b"/%0d%0aX:%201", b"/%00"),
    *(b"/../healthz", b"/%2e%2e/healthz", b"/healthz?" + b"a" * 9000, b"\\healthz", b"healthz"),
    *(b"http://", b"http://[::1/", b"/healthz\tx", b"/\x7f", b"/;a=b", CANARY + b"%20HTTP/1.1"),
    *(b"file:///etc/passwd", b"/" * 4000, b"/healthz HTTP/1.1\r\nX:", b"http://a@b:c@x/healthz"),
]
VERSIONS = [
    b"HTTP/1.0",
    b"HTTP/1.10",
    b"HTTP/2.0",
    b"HTTP/0.9",
    b"http/1.1",
    b"HTTP/1",
    b"",
    b"HTTP/1.1 ",
]
VERSIONS += [b"HTTP/1.1\0", b"HTTP/1,1", b"HTTPS/1.1", b"HTTP/-1.1", b"HTTP/1.\xb2", b"\tHTTP/1.1"]
CODINGS = [
    *(b"chunked", b"Chunked", b" chunked", b"chunked ", b"\x0bchunked", b"chunked\0", b"xchunked"),
    *(b"identity", b"gzip, chunked", b"chunked, gzip", b"chunked, chunked", b"", b'"chunked"'),
    *(b"chunked;q=1", b"chunked\r\n ", b"\xc4\x8dhunked", b"chunk", b"gzip", b"trailers"),
]
NAMES = [b"%s ", b" %s", b"%s\t", b"%s\0", b"\0%s", b"X:%s", b"%s:", b"\xff%s", b"%s\r", b"\x0b%s"]
ENDS = [
    b"\n",
    b"\r",
    b"\r\r\n",
    b"\n\r\n",
    b" \r\n",
    b"\x0b\r\n",
    b"\0\r\n",
    b"",
    b"\r\n\r\n",
    b"\r\n ",
]
ENDS += [b"\r\n\t", b"\x85", b"\xe2\x80\xa8", b"\r \n"]
EXTRAS = [
    *(
        (b"Host", b"x"),
        (b"Host", b"evil.example"),
        (b"Host", b""),
        (b"Host", b"a, b"),
        (b"host", b"x"),
    ),
    *(
        (b"Connection", b"close"),
        (b"Connection", b"Content-Length"),
        (b"Connection", b"keep-alive"),
    ),
    *(
        (b"Upgrade", b"h2c"),
        (b"Expect", b"100-continue"),
        (b"Expect", b"miracles"),
        (b"", b"empty"),
    ),
    *(
        (b"X-A", b"a\0b"),
        (b"X-A", b"\x01"),
        (b"X-A", b"a" * 9000),
        (b"X-A", b"\xff\xfe"),
        (b"X A", b"b"),
    ),
    *(
        (b"Content_Length", b"3"),
        (b"Transfer_Encoding", b"chunked"),
        (b"TE", b"chunked"),
        (b"X-A", b""),
    ),
    *(
        (b"Content-Encoding", b"gzip"),
        (b"Trailer", b"Host"),
        (b"X-HTTP-Method-Override", b"DELETE"),
    ),
    *((b"Content-Length\r\nX", b"1"), (b"X-A", b"1\r\n" + HIDDEN), (b"X-A", b"\r" + HIDDEN)),
]
LEADING = [
    b"\r\n",
    b"\r\n" * 50,
    b"\n",
    b" ",
    b"\0",
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"\xef\xbb\xbf",
]
LEADING += [
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
    b"\r",
    b"X: y\r\n",
]
TRAILING = [
    b"\0" * 100,
    b"garbage\r\n\r\n",
    b"\r\n\r\n",
    b"G",
    b"HTTP/1.1 200 OK\r\n\r\n",
    GET[:30],
    b"0\r\n\r\n",
]


@dataclass
class Request:
    """A request in its pieces, each of which can be spoiled."""

    method: bytes = b"GET"
    target: bytes = b"/healthz"
    version: bytes = b"HTTP/1.1"
    #: Name, what stands between, value, end of the line.
    fields: list[list[bytes]] = field(default_factory=lambda: [[b"Host", b": ", b"x", b"\r\n"]])
    spaces: tuple[bytes, bytes] = (b" ", b" ")
    first_end: bytes = b"\r\n"
    last_end: bytes = b"\r\n"
    body: bytes = b""

    def add(self, name: bytes, value: bytes, at: int | None = None) -> None:
        """Add a field, at the end or in between."""
        self.fields.insert(len(self.fields) if at is None else at, [name, b": ", value, b"\r\n"])

    def written(self) -> bytes:
        """Return the bytes."""
        line = self.method + self.spaces[0] + self.target + self.spaces[1] + self.version
        head = line + self.first_end + b"".join(map(b"".join, self.fields)) + self.last_end
        return head + self.body


class Framings:
    """Draws requests, most of them malformed."""

    def __init__(self, dice: random.Random):
        self._dice = dice
        self._ways: list[Callable[[Request], None]] = [
            *(self._line, self._extra, self._end, self._name, self._many, self._fold, self._null),
            *(self._lengths, self._lengths, self._codings, self._codings, self._chunks),
        ]

    def connection(self) -> tuple[bytes, list[str]]:
        """Return all that one client sends, and what was done to it."""
        dice = self._dice
        request = dice.choice([self._get, self._post, self._post, self._post])()
        done = []
        for _ in range(dice.choice([0, 1, 1, 1, 2, 2, 3])):
            way = dice.choice(self._ways)
            way(request)
            done.append(way.__name__)
        data = request.written()
        if dice.randrange(4) == 0:
            data = self._bytes(data)
            done.append("bytes")
        if dice.randrange(6) == 0:
            data = dice.choice(LEADING) + data
            done.append("leading")
        if dice.randrange(3) == 0:
            data += dice.choice([*TRAILING, HIDDEN, HIDDEN, GET])
            done.append("trailing")
        return data, done

    def _get(self) -> Request:
        return Request()

    def _post(self) -> Request:
        """A question without a key; half of the bodies are a request themselves."""
        body = self._dice.choice([b'{"site": "demo", "checks": []}', HIDDEN])
        request = Request(b"POST", b"/v1/check", body=body)
        request.add(b"Content-Type", b"application/json")
        request.add(b"Content-Length", b"%d" % len(body))
        return request

    def _line(self, request: Request) -> None:
        match self._dice.randrange(4):
            case 0:
                request.method = self._dice.choice(METHODS)
            case 1:
                request.target = self._dice.choice(TARGETS)
            case 2:
                request.version = self._dice.choice(VERSIONS)
            case _:
                odd = [b"  ", b"\t", b"", b"\x0b", b"\xa0", b"\r", b"\n", b"\0"]
                request.spaces = (self._dice.choice([b" ", *odd]), self._dice.choice([b" ", *odd]))

    def _extra(self, request: Request) -> None:
        name, value = self._dice.choice(EXTRAS)
        request.add(name, value, self._dice.randrange(len(request.fields) + 1))

    def _end(self, request: Request) -> None:
        end, where = self._dice.choice(ENDS), self._dice.randrange(4)
        if where == 0:
            request.first_end = end
        elif where == 1:
            request.last_end = end
        elif request.fields:
            self._dice.choice(request.fields)[3] = end

    def _name(self, request: Request) -> None:
        if not request.fields:
            return
        chosen = self._dice.choice(request.fields)
        if self._dice.randrange(3):
            chosen[0] = self._dice.choice(NAMES).replace(b"%s", chosen[0])
        else:
            chosen[1] = self._dice.choice(
                [b":", b" : ", b"", b" ", b"=", b":\t\t", b":\x0b", b"\t:"]
            )

    def _many(self, request: Request) -> None:
        for _ in range(self._dice.choice([1, 38, 39, 45, 2000])):
            request.add(b"X-B", b"b" * self._dice.choice([0, 1, 20]))

    def _fold(self, request: Request) -> None:
        folded = [b"a\r\n b", b"\r\n 5", b"\r\n\tchunked", b"a\n b", b"a\r b", b"\r\n Host: y"]
        name = self._dice.choice([b"X-A", b"Content-Length", b"Transfer-Encoding", b"Host"])
        request.add(name, self._dice.choice(folded))

    def _null(self, request: Request) -> None:
        if request.fields:
            chosen = self._dice.choice(request.fields)
            at = self._dice.randrange(3)
            chosen[at] = chosen[at] + self._dice.choice([b"\0", b"\r", b"\n", b"\x7f"])

    def _lengths(self, request: Request) -> None:
        """Announce another length, or two."""
        size = len(request.body)
        odd = [
            b"+%d",
            b"-%d",
            b"0x%x",
            b"%d ",
            b"0%d",
            b"%d,%d",
            b"%d, %d",
            b"%d;",
            b"%d.0",
            b'"%d"',
        ]
        made = [form.replace(b"%d", b"%d" % size).replace(b"%x", b"%x" % size) for form in odd]
        made += [
            b"",
            b"five",
            b"9" * 30,
            b"\xd9\xa5",
            b"1e1",
            b"%d" % (size + 10),
            b"%d" % max(size - 9, 0),
        ]
        made += [b"0", b"%d" % size, b"65537", b"1_0"]
        value = self._dice.choice(made)
        known = [one for one in request.fields if one[0] == b"Content-Length"]
        if known and self._dice.randrange(2):
            known[0][2] = value
        else:
            name = self._dice.choice([b"Content-Length", b"content-length", b"CONTENT-LENGTH"])
            request.add(name, value, self._dice.randrange(len(request.fields) + 1))

    def _codings(self, request: Request) -> None:
        """Add a coding, to the length or in its place; the body may be in chunks."""
        if self._dice.randrange(2):
            request.fields = [one for one in request.fields if one[0] != b"Content-Length"]
        name = self._dice.choice([b"Transfer-Encoding"] * 3 + [b"transfer-encoding"])
        request.add(name, self._dice.choice(CODINGS), self._dice.randrange(len(request.fields) + 1))
        if self._dice.randrange(2):
            request.body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(request.body), request.body)

    def _chunks(self, request: Request) -> None:
        """Send the body in chunks that are not quite such."""
        size, body = len(request.body), request.body
        sizes = [
            b"%x",
            b"%x;a=b",
            b"%x;" + b"a" * 9000,
            b"0x%x",
            b"+%x",
            b"-%x",
            b"%x ",
            b" %x",
            b"%x\n",
        ]
        sizes += [
            b"00000000000000000000%x",
            b"f" * 17,
            b"%x;\r",
            b'%x;a="\r\n"',
            b"",
            b"g",
            b"\xb2",
        ]
        chunk = self._dice.choice(sizes).replace(b"%x", b"%x" % size)
        after = self._dice.choice([b"\r\n", b"\n", b"", b"XX", b"\r\r\n"])
        last = [
            b"0\r\n\r\n",
            b"0\r\nHost: y\r\n\r\n",
            b"0\r\n",
            b"",
            b"0\n\n",
            b"00\r\n\r\n",
            b"0\r\n\r\n" + HIDDEN,
        ]
        request.body = chunk + b"\r\n" + body + after + self._dice.choice(last)
        request.fields = [one for one in request.fields if one[0] != b"Content-Length"]
        request.add(b"Transfer-Encoding", b"chunked")

    def _bytes(self, data: bytes) -> bytes:
        """Change what is there without any idea of it."""
        changed = bytearray(data)
        for _ in range(self._dice.choice([1, 1, 2, 5])):
            at = self._dice.randrange(len(changed))
            match self._dice.randrange(4):
                case 0:
                    changed[at] ^= 1 << self._dice.randrange(8)
                case 1:
                    del changed[at : at + self._dice.randrange(1, 9)]
                case 2:
                    changed[at:at] = self._dice.choice(
                        [b"\r", b"\n", b"\r\n", b"\0", b" ", b":", b"\xff"]
                    )
                case _:
                    del changed[at:]
            changed = changed or bytearray(b"G")
        return bytes(changed)

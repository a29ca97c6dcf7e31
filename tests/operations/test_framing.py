"""What the loop takes for a whole request; gunicorn's own parser is the judge."""

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import IterUnreader
from hypothesis import given
from hypothesis import strategies as st

from consent_server.worker.framing import LARGEST_BODY, LONGEST_HEAD, Framer, Framing

POST = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (b"", Framing.PARTIAL),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", Framing.PARTIAL),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", Framing.WHOLE),
        (POST + b"Content-Length: 3\r\n\r\nab", Framing.PARTIAL),
        (POST + b"content-length:3\r\n\r\nabc", Framing.WHOLE),
        (POST + b"Content-Length: 3\r\nExpect: 100-Continue\r\n\r\n", Framing.ASKS),
        (POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", Framing.UNCLEAR),
        (POST + b"Content-Length: +3\r\n\r\nabc", Framing.UNCLEAR),
        (POST + b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY + 1), Framing.UNCLEAR),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", Framing.UNCLEAR),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * LONGEST_HEAD, Framing.TOO_LONG),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * LONGEST_HEAD + b"\r\n\r\n", Framing.TOO_LONG),
        (POST + b"Referer: /content-length:9\r\nContent-Length: 3\r\n\r\na", Framing.PARTIAL),
        (POST + b"Referer: /Transfer-Encoding: x\r\nContent-Length: 3\r\n\r\n", Framing.PARTIAL),
        (POST + b"Referer: content-length\r\n\r\n", Framing.WHOLE),
    ],
)
def test_framing(received, expected):
    assert Framer().look(bytearray(received)) is expected


def test_what_was_looked_at_is_not_looked_at_again(monkeypatch):
    received, judged = bytearray(), []
    judge = Framer._judge
    monkeypatch.setattr(Framer, "_judge", lambda *about: judged.append(1) or judge(*about))
    framer = Framer()
    found = []
    for byte in POST + b"X: " + b"a" * 1000 + b"\r\nContent-Length: 300\r\n\r\n" + b"b" * 300:
        received.append(byte)
        found.append(framer.look(received))

    assert found == [Framing.PARTIAL] * (len(found) - 1) + [Framing.WHOLE]
    assert framer._looked == framer.head == len(received) - 300
    assert len(judged) == 1


PIECES = st.sampled_from(
    [
        *(b"Content-Length", b"Transfer-Encoding", b": ", b":", b" ", b"3", b"0", b"chunked"),
        *(b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\t", b"abc", b"X-A: b\r\n"),
        *(b"Expect: 100-continue\r\n", b"Referer: /content-length"),
    ]
)


@given(st.lists(PIECES, max_size=12).map(b"".join), st.integers(0, 8))
def test_a_request_that_is_whole_here_is_whole_for_the_parser(tail, cut):
    received = POST + tail[: len(tail) - cut] if cut else POST + tail
    in_pieces = Framer()
    found = [in_pieces.look(received[:end]) for end in range(len(received) + 1)][-1]
    if Framing.WHOLE not in (found, Framer().look(received)):
        return
    asked = []

    def pieces():
        yield received
        asked.append(True)  # the parser wants more than was called whole
        yield b""

    parser = RequestParser(Config(), pieces(), ("127.0.0.1", 1))
    assert isinstance(parser.unreader, IterUnreader)
    try:
        body = next(parser).body.read()
    except ParseException:
        return
    assert len(body) in (0, 3)
    assert asked == []

"""Which requests leave threads to others, by their first line."""

import pytest

from consent_server.worker.line import Lane, lane_of


@pytest.mark.parametrize(
    ("line", "lane"),
    [
        (b"GET /s/demo.js HTTP/1.1", Lane.PAGES),
        (b"GET /consent/s/demo.js?v=1 HTTP/1.1", Lane.PAGES),
        (b"HEAD /healthz HTTP/1.1", Lane.PAGES),
        (b"GET /widget/" + b"a" * 43 + b".js HTTP/1.1", Lane.PAGES),
        (b"GET /v1/check?site=demo HTTP/1.1", Lane.CHECKS),
        (b"POST /v1/check HTTP/1.1", Lane.CHECKS),
        (b"POST /v1/sites/demo/consents HTTP/1.1", Lane.REST),
        (b"POST /s/demo.js HTTP/1.1", Lane.REST),
        (b"GET /v1/sites/demo/export?a=/s/demo.js HTTP/1.1", Lane.REST),
        (b"\r\nGET /healthz HTTP/1.1", Lane.REST),
        (b"", Lane.REST),
    ],
)
def test_a_request_joins_the_line_of_its_kind(line, lane):
    assert lane_of(line) is lane

"""The browser's network log: what pages asked for, and nothing of the browser's own."""

import json

import pytest

from consent_server.audit.errors import AuditImpossible
from consent_server.audit.netlog import Contact, host_of, read_contacts

TYPES = {"URL_REQUEST_START_JOB": 1, "HTTP_STREAM_JOB_CONTROLLER": 2, "OTHER": 3}


@pytest.fixture
def read(tmp_path):
    """Read a log of these events: number of the type, and its parameters."""

    def read(*events):
        log = tmp_path / "net.json"
        constants = {"logEventTypes": TYPES, "timeTickOffset": 1_000_000}
        listed = [{"type": kind, "time": "500", "params": params} for kind, params in events]
        log.write_text(json.dumps({"constants": constants, "events": listed}))
        return read_contacts(log)

    return read


def test_a_request_is_read_without_what_may_identify(read):
    asked = {"url": "https://u:p@ads.example/a?id=7#x", "initiator": "https://shop.example"}

    assert read((1, asked)) == [
        Contact(1000.5, "ads.example", "https://ads.example/a", "shop.example")
    ]


def test_what_the_browser_asks_for_itself_is_left_out(read):
    own = {"url": "https://update.example/", "initiator": "not an origin"}
    elsewhere = {"url": "https://ads.example/", "initiator": "https://shop.example"}

    assert read((1, own), (3, elsewhere), (1, {"url": "blob:https://a/b", "initiator": "x"})) == []


def test_a_connection_in_advance_is_a_contact(read):
    (contact,) = read((2, {"url": "https://ads.example/", "is_preconnect": True}))

    assert (contact.host, contact.by) == ("ads.example", None)
    assert read((2, {"url": "https://ads.example/", "is_preconnect": False})) == []


@pytest.mark.parametrize("content", ["", '{"constants": {', "[]", '{"events": []}'])
def test_a_log_that_broke_off_is_no_result(content, tmp_path):
    log = tmp_path / "net.json"
    log.write_text(content)

    with pytest.raises(AuditImpossible, match="run the audit again"):
        read_contacts(log)


@pytest.mark.parametrize(
    "url, host",
    [
        ("https://ads.example/a", "ads.example"),
        ("https://ADS.example:443/", "ads.example"),
        ("http://ads.example:8080/", "ads.example:8080"),
        ("wss://ads.example/", "ads.example"),
        ("http://[::1]:8000/", "[::1]:8000"),
        ("data:text/plain,1", None),
        ("http://[bad/", None),
    ],
)
def test_a_host_is_written_as_in_a_document(url, host):
    assert host_of(url) == host

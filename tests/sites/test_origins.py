"""Who may record decisions for a site: exactly the origins that it lists."""

import pytest

from consent_server.sites.origins import is_allowed, is_host, parse_origin

ALLOWED = [
    "https://shop.example",
    "https://shop.example:8443",
    "https://*.sub.example",
    "https://xn--bcher-kva.example",
    "http://localhost:8001",
    "http://127.0.0.1:8001",
    "http://[::1]:8001",
]

HOSTILE = [
    "",
    " ",
    "null",
    "NULL",
    "undefined",
    "*",
    "https://*",
    "https://",
    "https:",
    "shop.example",
    "//shop.example",
    "http://shop.example",
    "HTTPS://shop.example",
    "https://SHOP.example",
    "https://Shop.Example",
    "https://shop.example/",
    "https://shop.example/path",
    "https://shop.example?",
    "https://shop.example#",
    "https://shop.example.",
    "https://shop.example..",
    "https://.shop.example",
    "https://shop..example",
    "https://shop.example:443",
    "https://shop.example:80",
    "https://shop.example:8444",
    "https://shop.example:08443",
    "https://shop.example:+8443",
    "https://shop.example:",
    "https://shop.example:99999",
    "https://shop.example:84430",
    "https://shop.example:844٣",
    "https://shop.example.evil.example",
    "https://shop.example-evil.example",
    "https://shop.example,evil.example",
    "https://evilshop.example",
    "https://evil-shop.example",
    "https://shopXexample",
    "https://shop-example",
    "https://evil.example?https://shop.example",
    "https://evil.example#https://shop.example",
    "https://shop.example@evil.example",
    "https://user@shop.example",
    "https://user:secret@shop.example",
    "https://shop.example\\@evil.example",
    "https://shop.example\\evil",
    "https:\\\\shop.example",
    "https:/shop.example",
    "https:///shop.example",
    "https://shop.example https://evil.example",
    "https://evil.example https://shop.example",
    "https://shop.example, https://shop.example",
    "https://shop.example\n",
    "\nhttps://shop.example",
    "https://shop.example\r\nX: y",
    "https://shop.example\t",
    "https://shop.example\x00",
    "https://shop.example\x00.evil.example",
    " https://shop.example",
    "https://shop.example ",
    "https://sh op.example",
    "https://sh%6fp.example",
    "https://shop%2eexample",
    "https://shоp.example",
    "https://ｓhop.example",
    "https://shop。example",
    "https://xn--shp-tmc.example",
    "https://bücher.example",
    "https://xn--bcher-kvb.example",
    "https://sub.example",
    "https://a.b.sub.example",
    "https://*.sub.example",
    "https://.sub.example",
    "https://-.sub.example",
    "https://evilsub.example",
    "http://a.sub.example",
    "https://a.sub.example:8443",
    "https://a.sub.example.evil.example",
    "wss://shop.example",
    "ftp://shop.example",
    "file://",
    "file:///shop.example",
    "data:text/html,x",
    "javascript:alert(1)",
    "blob:https://shop.example/1",
    "chrome-extension://shop.example",
    "http://localhost",
    "http://localhost:8002",
    "https://localhost:8001",
    "http://localhost.evil.example:8001",
    "http://127.1:8001",
    "http://127.0.0.01:8001",
    "http://0x7f.0.0.1:8001",
    "http://2130706433:8001",
    "http://127.0.0.2:8001",
    "http://[::0:1]:8001",
    "http://[0:0:0:0:0:0:0:1]:8001",
    "http://[::ffff:127.0.0.1]:8001",
]


@pytest.mark.parametrize("origin", HOSTILE)
def test_a_hostile_origin_is_never_allowed(origin):
    assert not is_allowed(origin, ALLOWED)


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example",
        "https://shop.example:8443",
        "https://a.sub.example",
        "https://xn--shp-tmc.sub.example",
        "https://xn--bcher-kva.example",
        "http://localhost:8001",
        "http://127.0.0.1:8001",
        "http://[::1]:8001",
    ],
)
def test_an_origin_as_browsers_send_it_is_allowed_when_listed(origin):
    assert is_allowed(origin, ALLOWED)


def test_nothing_is_allowed_by_an_empty_or_malformed_list():
    assert not is_allowed("https://shop.example", [])
    assert not is_allowed("https://*.shop.example", ["https://shop.example"])
    assert not is_allowed("https://shop.example", ["*", "null", "https://*", "shop.example", ""])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("*", "never every site"),
        ("null", "sandboxed"),
        ("shop.example", "begin with https://"),
        ("http://shop.example", "plain http only"),
        ("https://shop.example/", "closing slash"),
        ("https://user@shop.example", "without a user name"),
        ("https://Shop.example", "lower case"),
        ("https://bücher.example", "xn-- form"),
        ("https://shop.example:443", "usual port"),
        ("https://*.com", "strangers own names under com"),
        ("https://*.co.uk", "strangers own names under co.uk"),
        ("https://*.github.io", "strangers own names under github.io"),
        ("https://shop.*.example", "at the left only"),
        ("https://*shop.example", "at the left only"),
        ("https://*.*.example", "at the left only"),
        ("https://*.10.0.0.1", "at the left only"),
        ("https://shop.example:70000", "must be scheme and host"),
        ("https://-shop.example", "must be scheme and host"),
        (f"https://{'a' * 64}.example", "must be scheme and host"),
        ("http://10.0.0.1", "plain http only"),
    ],
)
def test_an_entry_that_is_no_origin_is_refused_with_what_is_wrong(text, why):
    with pytest.raises(ValueError, match=why):
        parse_origin(text)


@pytest.mark.parametrize("text", ["http://*.localhost:8000", "http://[::1]", "http://127.8.8.8:1"])
def test_plain_http_is_allowed_on_this_machine(text):
    assert parse_origin(text).is_loopback


def test_hosts_are_taken_as_browsers_write_them():
    assert is_host("a.example") and is_host("1.2.3.4") and is_host("[2001:db8::1]")
    assert not any(
        map(is_host, ["A.example", "1.2.3", "1.2.3.04", "[::0]", "a_b", "", "a.", "[x]"])
    )

"""The one script of a site: the same for everybody, exactly what was published."""

import gzip
import json
from dataclasses import replace

import brotli
import orjson
import pytest

from consent_server.embed.script import NOT_FOR_PAGES
from consent_server.embed.shipped import artifacts
from consent_server.embed.slots import LATER, short_name
from consent_server.ledger.canonical import canonical, digest
from consent_server.sites.archiving import archive
from consent_server.sites.widget import AT_ONCE
from tests.builders import CHANGED_TEXT, a_document, widget_build

URL = "/s/demo.js"


#: What the server writes out beside the shipped texts has a name of its own too.
LONG_NAMES = {short_name(slot): slot for slot in [*artifacts().texts["en"], "services"]}


def data_of(script):
    """The JSON that the wrapper hands to the widget, its texts under their names."""
    tail = script[script.rindex(b"}(") + 2 :]
    data = json.loads(tail[: tail.rindex(b")")])
    for texts in data["bundle"]["texts"].values():
        texts |= {LONG_NAMES.get(name, name): texts.pop(name) for name in list(texts)}
    return data


def test_the_wrapper_holds_exactly_the_published_build_and_bundle(client, site):
    script = client.get(URL).data

    widget = artifacts().widget.build_of(a_document())
    code = widget.removeprefix(AT_ONCE)
    assert script.startswith(AT_ONCE + b"!function(CONSENT_SITE){" + code)
    assert widget != code
    data = data_of(script)
    assert data.keys() == {"hash", "build", "bundle", "keys"}
    bundle = client.get("/v1/sites/demo/bundle").json["bundle"]
    assert data["build"] == bundle["build"] == digest(widget)
    assert data["hash"] == site.bundle_hash == digest(canonical(bundle))
    # The next key signs nothing yet; a page that meets a newer one fetches all of them.
    active, _next = client.get("/.well-known/jwks.json").json["keys"]
    assert data["keys"] == [{name: active[name] for name in ("kid", "x")}]


def test_the_bundle_apart_is_the_same_bundle(client, site):
    apart = client.get("/v1/sites/demo/bundle").json

    assert apart.pop("published_at") == "2026-11-22T20:00:00.000Z"
    for name in NOT_FOR_PAGES:
        apart["bundle"].pop(name, None)
    for service in apart["bundle"]["services"]:
        service |= {name: ", ".join(service[name]) for name in ("data", "hosts")}
    for texts in apart["bundle"]["texts"].values():
        for slot in list(texts):
            if slot in LATER or slot.startswith("data."):
                texts.pop(slot)
    known = data_of(client.get(URL).data)
    assert [key["kid"] for key in apart.pop("keys")][:1] == [
        key["kid"] for key in known.pop("keys")
    ]
    assert apart == known


def test_nothing_private_is_published(client, site):
    script = client.get(URL).text

    assert "https://*.shop.example" not in script
    assert "origins" not in data_of(script.encode())["bundle"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "consent_state=x; id=7"},
        {"User-Agent": "Other/1.0", "Accept-Language": "de"},
        {"Referer": "https://shop.example/private", "Origin": "https://shop.example"},
        {"Sec-GPC": "1", "DNT": "1", "X-Forwarded-For": "203.0.113.77"},
        {"Authorization": "Bearer cp_live_00000000_x"},
    ],
)
def test_every_visitor_gets_the_same_bytes(client, site, headers):
    plain = client.get(URL)

    answer = client.get(URL, headers=headers)

    assert answer.data == plain.data
    own = {"X-Request-Id", "Date"}  # of the request, not of the visitor
    assert {*answer.headers.items()} ^ {*plain.headers.items()} == {
        pair for pair in {*answer.headers.items()} ^ {*plain.headers.items()} if pair[0] in own
    }


@pytest.mark.parametrize(
    "accepted, encoding",
    [
        ("br, gzip", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("gzip;q=1, br;q=0.1", "gzip"),
        ("identity", None),
        ("zstd", None),
        ("", None),
        ("br;q=0, gzip;q=0", None),
    ],
)
def test_every_encoding_holds_the_same_bytes(client, site, accepted, encoding):
    plain = client.get(URL).data

    answer = client.get(URL, headers={"Accept-Encoding": accepted})

    decode = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert answer.headers.get("Content-Encoding") == encoding
    assert decode(answer.data) == plain
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_each_encoding_has_an_etag_of_its_own_that_saves_the_next_answer(client, site):
    etags = set()
    for accepted in ("br", "gzip", "identity"):
        answer = client.get(URL, headers={"Accept-Encoding": accepted})
        etag = answer.headers["ETag"]
        etags.add(etag)
        again = client.get(URL, headers={"Accept-Encoding": accepted, "If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary", "Access-Control-Allow-Origin"):
            assert again.headers[name] == answer.headers[name]
    assert len(etags) == 3


@pytest.mark.parametrize("url", [URL, "/v1/sites/demo/bundle"])
def test_head_says_what_get_would(client, site, url):
    head, got = client.head(url), client.get(url)

    assert (head.status_code, head.data) == (200, b"")
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize("url", [URL, "/v1/sites/demo/bundle"])
def test_a_publication_changes_the_answer_at_once(client, site, publish, url):
    before = client.get(url)
    publish(texts=CHANGED_TEXT)

    after = client.get(url, headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert "how long you stay" in after.text
    assert after.headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize("url", [URL, "/v1/sites/demo/bundle"])
def test_new_token_keys_change_the_answer_too(client, site, app, clock, url):
    before = client.get(url)
    app.extensions["consent_keys"].rotate(clock.instant)

    after = client.get(url, headers={"If-None-Match": before.headers["ETag"]})

    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.data != before.data


def test_a_pinned_build_is_the_bare_widget_for_ever(client, site):
    answer = client.get(f"/widget/{widget_build()}.js")

    assert answer.data == artifacts().widget.build_of(a_document())
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.mimetype == "text/javascript"


def test_an_older_build_stays_after_a_newer_one_is_published(client, site, publish, monkeypatch):
    old = artifacts()
    second = old.widget.second + b"\n"
    newer = replace(old, widget=replace(old.widget, first=b"1;" + old.widget.first, second=second))
    monkeypatch.setattr("tests.application.artifacts", lambda: newer)
    publish(name="Another name")

    for shipped in (old, newer):
        build = shipped.widget.build_of(a_document())
        assert client.get(f"/widget/{digest(build)}.js").data == build
        assert client.get(f"/widget/{digest(shipped.widget.second)}.js").status_code == 200
    assert build.removeprefix(AT_ONCE) in client.get(URL).data


def test_the_first_part_names_the_second_one_that_was_published_with_it(client, site):
    second = artifacts().widget.second

    assert digest(second).encode() in artifacts().widget.first
    assert client.get(f"/widget/{digest(second)}.js").data == second


def test_only_the_signals_and_styles_that_a_site_uses_are_in_its_script(client, site, publish):
    widget = artifacts().widget
    script = client.get(URL).data
    assert widget.signals["google_consent_mode"] not in script

    publish(signals={"google_consent_mode": "basic"}, theme={"layout": "box"})

    used = client.get(URL).data
    assert widget.signals["google_consent_mode"] in used
    box, bar = (orjson.dumps(widget.styles[layout].decode())[:-1] for layout in ("box", "bar"))
    assert box in used
    assert bar not in used


def test_what_is_not_there_is_not_found(client, site):
    found = {
        url: (answer.status_code, answer.json["reason"])
        for url in ("/s/nowhere.js", "/v1/sites/nowhere/bundle", f"/widget/{'A' * 43}.js")
        for answer in [client.get(url)]
    }

    assert found == {
        "/s/nowhere.js": (404, "site_unknown"),
        "/v1/sites/nowhere/bundle": (404, "site_unknown"),
        f"/widget/{'A' * 43}.js": (404, "widget_unknown"),
    }


def test_an_archived_site_has_no_script_any_more(client, site, app, clock):
    client.get(URL)
    with app.app_context():
        archive("demo", clock.instant)

    assert client.get(URL).status_code == 404
    assert client.get(URL).data == client.get("/s/nowhere.js").data


def test_a_text_cannot_break_out_of_the_script(client, publish):
    publish(texts={"en": {"intro": "</script><script>alert(1)</script><!-- \u2028"}})

    script = client.get(URL).data

    assert b"</script" not in script
    assert b"<!--" not in script

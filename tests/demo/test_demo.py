"""One command shows everything, and leaves nothing behind but its data."""

import json
import signal
import socket
import urllib.error

import pytest

from demo.addresses import Address, DemoRefused, choose_addresses
from tests.builders import ALL, NONE, OTHER_VISITOR, VISITOR, new_key
from tests.demo.running_demo import PORTS, fetch, is_open


def _decide(demo, **changes):
    """Send a decision as the widget on the shop's page does."""
    published = json.loads(fetch(f"{demo.origin('CONSENT_BIND')}/v1/sites/demo/bundle"))
    body = {
        "idempotency_key": new_key(),
        "action": "accept_all",
        "method": "banner",
        "categories": ALL,
        "services": {},
        "consent_id": VISITOR,
        "n": 1,
        "bundle": published["hash"],
        "build": published["build"],
        "language": "en",
        "gpc": False,
        "trusted": True,
        **changes,
    }
    address = f"{demo.origin('CONSENT_BIND')}/v1/sites/demo/consents"
    return json.loads(fetch(address, post=body, origin=demo.origin("DEMO_SHOP_BIND")))


def test_it_says_where_the_shop_is_when_all_three_servers_answer(running_demo):
    demo, address = running_demo, f"{running_demo.origin('DEMO_SHOP_BIND')}/"

    page = fetch(address)

    assert f"\nOpen {address}\n" in demo.said
    assert f'src="{demo.origin("CONSENT_BIND")}/s/demo.js"' in page
    assert '<html lang="en">' in page
    assert '<html lang="fr">' in fetch(f"{address}?lang=fr")
    assert "ConsentServer" in fetch(f"{demo.origin('CONSENT_BIND')}/s/demo.js")
    assert json.loads(fetch(f"{demo.origin('DEMO_ANALYTICS_BIND')}/received")) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_everything_it_started(number, start_demo):
    demo = start_demo()
    demo.wait_for_address()

    code = demo.stop(number)

    assert code == 0
    assert "Traceback" not in demo.said
    assert [is_open(demo.environment[name]) for name in PORTS] == [False] * 3


def test_a_second_start_uses_the_same_site_key_and_records(start_demo, tmp_path):
    first = start_demo()
    first.wait_for_address()
    given = _decide(first)
    first.stop()
    key = (tmp_path / "var/demo/api-key").read_text()

    second = start_demo(**{name: first.environment[name] for name in PORTS})
    address = second.wait_for_address()

    assert "revision 1 is published already" in second.said
    assert (tmp_path / "var/demo/api-key").read_text() == key
    assert json.loads(second.command("key", "list", "demo", "--json"))[0]["id"] in key
    log = json.loads(fetch(f"{address}demo/happened"))["log"]
    assert [record["record_id"] for record in log] == [given["record_id"]]


def test_the_command_line_exports_what_was_decided(running_demo):
    given = _decide(running_demo)
    withdrawn = _decide(running_demo, action="withdraw", categories=NONE, n=2)

    exported = running_demo.command("export", "demo", "--format", "jsonl")

    lines = [json.loads(line) for line in exported.splitlines()]
    events = {line["record_id"]: line["event"] for line in lines if "record_id" in line}
    assert events[given["record_id"]] == "given"
    assert events[withdrawn["record_id"]] == "withdrawn"


def test_the_key_and_the_data_are_for_nobody_else(running_demo):
    kept = running_demo.data_dir

    assert (kept / "demo/api-key").stat().st_mode & 0o777 == 0o600
    assert (kept / "demo").stat().st_mode & 0o777 == 0o700
    assert kept.stat().st_mode & 0o777 == 0o700


def test_moving_the_clock_records_what_lapsed_at_once(running_demo):
    shop = running_demo.origin("DEMO_SHOP_BIND")
    given = _decide(running_demo, consent_id=OTHER_VISITOR)

    fetch(f"{shop}/demo/clock", post={"step": "P12M"})

    log = json.loads(fetch(f"{shop}/demo/happened"))["log"]
    fetch(f"{shop}/demo/clock", post={"step": "now"})
    assert (log[0]["event"], log[0]["previous"]) == ("expired", given["record_id"])
    assert (running_demo.data_dir / "demo/clock").read_text() == "0"


def test_a_page_of_another_site_moves_no_clock_and_sees_no_token(running_demo):
    shop = running_demo.origin("DEMO_SHOP_BIND")

    for path in ("clock", "replay"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetch(f"{shop}/demo/{path}", post={"step": "P1D"}, origin="https://evil.example")
        assert refused.value.code == 415
        refused.value.close()


@pytest.mark.parametrize("name", PORTS)
def test_a_busy_port_is_named_with_the_variable_that_moves_it(name, start_demo):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        demo = start_demo(**{name: address})

        with pytest.raises(AssertionError):
            demo.wait_for_address()

    assert demo.stop() == 1
    assert f"{address} cannot be used" in demo.said
    assert f"Set {name} " in demo.said
    assert "Traceback" not in demo.said


@pytest.mark.parametrize("value", ["0.0.0.0:8001", "192.0.2.1:8001", "shop.example:8001"])
def test_an_address_that_others_could_reach_is_refused(value):
    with pytest.raises(DemoRefused, match=r"DEMO_SHOP_BIND=.* would let other machines in"):
        choose_addresses({"DEMO_SHOP_BIND": value})


@pytest.mark.parametrize("value", ["8001", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:x"])
def test_an_address_that_is_none_is_refused(value):
    with pytest.raises(DemoRefused, match="is not HOST:PORT"):
        choose_addresses({"DEMO_SHOP_BIND": value})


def test_an_ipv6_address_is_written_as_browsers_write_it():
    addresses = choose_addresses({"DEMO_SHOP_BIND": "[::1]:9001"})

    assert addresses.shop == Address("DEMO_SHOP_BIND", "::1", 9001)
    assert addresses.shop.origin == "http://[::1]:9001"

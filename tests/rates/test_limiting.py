"""A flood is told to come again, keeps nobody from saying no, and leaves no address anywhere."""

import json
import secrets

import pytest
import structlog

from consent_server.application import create_app
from consent_server.config import SettingsInvalid, load_settings
from consent_server.rates.limits import LIMITS
from consent_server.rates.service import RateLimited, Rates
from tests.builders import ORIGIN, a_decision, acceptance, refusal

FLOOD = "203.0.113.7"
SOMEBODY = "198.51.100.20"
#: The address as text, packed, and as the network that counts.
FORMS = [FLOOD.encode(), bytes([203, 0, 113, 7]), bytes([4, 203, 0, 113])]


@pytest.fixture
def still(app, monkeypatch):
    """Stop the clock of the buckets; gives a list whose last number is its second."""
    seconds = [1_000.0]
    settings = app.extensions["consent_settings"]
    app.extensions["consent_rates"] = Rates(
        settings.proxies, settings.rates_path, clock=lambda: seconds[-1]
    )
    return seconds


@pytest.fixture
def send(client, site, still):
    """Send a decision through a proxy on this machine, from an address."""

    def send(body, address):
        return client.post(
            "/v1/sites/demo/consents",
            data=json.dumps(body),
            content_type="text/plain;charset=UTF-8",
            headers={"Origin": ORIGIN, "X-Forwarded-For": address},
        )

    return send


def new_id():
    return secrets.token_urlsafe(16)


def a_yes():
    return acceptance(consent_id=new_id())


def test_a_flood_of_yeses_is_told_when_to_come_again(send, records, still):
    answers = [send(a_yes(), FLOOD) for _ in range(65)]

    assert [answer.status_code for answer in answers] == [201] * 60 + [429] * 5
    last = answers[-1]
    assert last.json["reason"] == "rate_limited"
    assert last.headers["Retry-After"] == last.headers["RateLimit-Reset"] == "1"
    assert (last.headers["RateLimit-Limit"], last.headers["RateLimit-Remaining"]) == ("60", "0")
    assert last.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert len(records()) == 60
    still.append(still[-1] + 1)
    assert send(a_yes(), FLOOD).status_code == 201


def test_it_keeps_nobody_from_saying_no_nor_others_from_saying_yes(send):
    for _ in range(61):
        flooded = send(a_yes(), FLOOD)

    assert flooded.status_code == 429
    assert send(refusal(), FLOOD).status_code == 201
    partial = {"functional": True, "analytics": False, "marketing": False}
    taken_back = send(a_decision(categories=partial, consent_id=new_id()), FLOOD)
    assert taken_back.status_code == 201
    assert send(a_yes(), SOMEBODY).status_code == 201


def test_the_neighbours_in_a_network_share_and_the_next_network_does_not(send):
    for host in range(60):
        send(a_yes(), f"203.0.113.{host}")

    assert send(a_yes(), "203.0.113.200").status_code == 429
    assert send(a_yes(), "203.0.114.1").status_code == 201


def test_what_is_not_known_to_come_from_anywhere_is_not_counted(decide, still):
    statuses = {decide(a_yes()).status_code for _ in range(80)}

    assert statuses == {201}


def test_guesses_at_consent_ids_are_throttled_wherever_they_come_from(client, site, still):
    burst = LIMITS["rights"].network.burst

    def guess(**headers):
        given = {"Consent-Id": new_id(), "Origin": ORIGIN, **headers}
        return client.get("/v1/sites/demo/me", headers=given).status_code

    assert [guess() for _ in range(burst + 3)] == [404] * burst + [429] * 3
    assert guess(**{"X-Forwarded-For": SOMEBODY}) == 404
    receipt = client.get("/v1/sites/demo/me/receipt", headers={"Consent-Id": new_id()})
    assert receipt.status_code == 429


def test_a_preflight_is_not_counted(client, site, still, send):
    for _ in range(200):
        answer = client.options(
            "/v1/sites/demo/consents",
            headers={
                "Origin": ORIGIN,
                "Access-Control-Request-Method": "POST",
                "X-Forwarded-For": FLOOD,
            },
        )
        assert answer.status_code == 204

    assert send(a_yes(), FLOOD).status_code == 201


def test_no_address_is_in_a_log_line_or_a_file(send, app, rows):
    with structlog.testing.capture_logs() as logged:
        for _ in range(70):
            send(a_yes(), FLOOD)

    told = repr(logged) + repr([rows(table) for table in ("consent_records", "log_queue")])
    assert FLOOD not in told and "203.0.113" not in told
    for path in app.extensions["consent_settings"].data_dir.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(form in data for form in FORMS), path


def test_several_processes_share_a_file_in_which_no_address_is(environment, tmp_path, clock):
    settings = load_settings(environment)
    path = tmp_path / "rates.sqlite3"
    both = [Rates(settings.proxies, path, clock=lambda: 5.0) for _ in range(2)]

    def is_counted(rates):
        try:
            rates.count("grant", "demo", "127.0.0.1", FLOOD, clock.instant, is_alone=False)
        except RateLimited:
            return False
        return True

    assert sum(is_counted(both[number % 2]) for number in range(120)) == 60
    data = path.read_bytes()
    assert not any(form in data for form in FORMS)


def test_it_can_be_switched_off(environment):
    app = create_app(load_settings({**environment, "CONSENT_RATES": "false"}))

    assert app.extensions["consent_rates"] is None


@pytest.mark.parametrize("value", ["10.0.0.0/33", "example.org", "10.0.0.1/8", "::1,,"])
def test_proxies_are_networks(environment, value):
    with pytest.raises(SettingsInvalid, match="CONSENT_PROXIES"):
        load_settings({**environment, "CONSENT_PROXIES": value})


def test_no_proxy_may_be_believed(environment):
    assert load_settings({**environment, "CONSENT_PROXIES": "none"}).proxies == ()

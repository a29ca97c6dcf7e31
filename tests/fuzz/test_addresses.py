"""F-25, addresses: malformed ones are refused in the same words on both databases."""

import random
import re

from tests.fault.trials import SMALL_SHARE, Trials
from tests.fuzz.addresses import Addresses, good_ones
from tests.fuzz.answers import fault_of_refusal

#: What somebody of the house reads leaves a line, which waits for its place in the log.
READ = {"trail_lines", "log_queue"}


def ask(service, asked):
    """Send a request; gives the answer."""
    key = service.keys[asked.scope] if asked.scope else {}
    return service.app.test_client().open(
        asked.address, method=asked.method, headers={**key, **asked.headers}
    )


def verdict(answer):
    """Return status and problem of an answer, and what is wrong with it; a good one has none."""
    if answer.status_code in (200, 304):
        return (answer.status_code, None), None
    return (answer.status_code, answer.json), fault_of_refusal(answer)


def fault_of(services, asked):
    """Ask both databases; gives the status, and what is wrong, if anything is."""
    said, faults = zip(*(verdict(ask(service, asked)) for service in services), strict=True)
    is_alike = not any(faults) and said[0] == said[1]
    return said[0][0], None if is_alike else f"{faults} {said} to {asked}"


def test_a_malformed_address_is_refused_alike_and_changes_nothing(services):
    trials = Trials("F-25 addresses", "malformed addresses", 20_000, 100, SMALL_SHARE)
    addresses = Addresses(trials.random, services[0])
    before = [service.rows() for service in services]
    for number in trials:
        status, fault = fault_of(services, addresses.one())
        trials.counts[str(status)] += 1
        if fault is not None:
            trials.fail(number, fault)
    good = trials.counts["200"] + trials.counts["304"]
    for service, rows in zip(services, before, strict=True):
        added = {table: now - rows[table] for table, now in service.rows().items()}
        if any(added[table] for table in rows.keys() - READ) or added["trail_lines"] > good:
            trials.fail(trials.done, f"{good} good answers added {added}")
    trials.close(input="addresses")

    assert trials.failures == []


def test_every_route_is_asked_and_those_with_a_body_are_known(services):
    routes = services[0].app.url_map
    adapter = routes.bind("consent.example")
    asked = {
        (
            one.method,
            adapter.match(one.address.partition("?")[0], one.method, return_rule=True)[0].rule,
        )
        for one in good_ones(services[0])
    }

    rules = {
        (method, rule.rule)
        for rule in routes.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    # tests/fuzz/test_bodies.py has the others
    assert rules - asked == {("POST", "/v1/check"), ("POST", "/v1/sites/<site_id>/consents")}
    assert [ask(services[0], one).status_code for one in good_ones(services[0])].count(200) > 20


def test_these_addresses_would_find_a_path_that_is_not_looked_at(services, monkeypatch):
    monkeypatch.setattr("consent_server.web.limits.FORBIDDEN", re.compile("(?!)"))
    addresses = Addresses(random.Random(1), services[0])
    drawn = [addresses.one() for _ in range(2000)]

    assert any(fault_of(services, one)[1] for one in drawn if "%00" in "".join(one.path))

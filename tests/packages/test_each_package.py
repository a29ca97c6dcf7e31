"""Each package alone and not held back: it is caught, and does what examples/services.yaml says.

This is the control of every other test here: the same eyes that see nothing there see this.
"""

import pytest

from consent_server.sites.document import validate_document, warnings
from consent_server.sites.durations import lifetime_seconds
from tests.builders import a_value
from tests.packages.catalogue import (
    AT_TIMES,
    KEEPING,
    LOADERS,
    SERVICES,
    VENDORS,
    hosts,
    is_named,
    lifetime,
    owners,
    stores,
)

#: Browsers let no cookie live longer, in seconds.
CAP = 400 * 86_400
#: Of a lifetime: pages and clocks take their time.
TOLERANCE = 0.05


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_package_that_is_not_held_back_does_just_what_the_catalogue_says(vendor, set_out):
    journey, shop = set_out()
    shop.let_loose(vendor)
    expected = set() if vendor in LOADERS else stores(vendor) - AT_TIMES

    journey.go("one")
    journey.wait_for(hosts(vendor), expected, is_named)
    journey.stay()
    journey.go("two")

    traces = journey.traces()
    assert traces.fetched == {vendor}
    assert {request.host for request in traces.asked} == hosts(vendor)
    assert {trace for trace in traces.kept if owners(*trace) != {vendor}} == set()
    assert _wrong_lifetimes(vendor, journey.cookies()) == {}


def _wrong_lifetimes(vendor, cookies):
    """Return name → seconds of the cookies that do not live as long as the catalogue says."""
    wrong = {}
    for name, found in cookies.items():
        said = lifetime(vendor, name)
        wanted = -1 if said == "session" else min(lifetime_seconds(said), CAP)
        if abs(found - wanted) > abs(wanted) * TOLERANCE:
            wrong[name] = found
    return wrong


def test_the_catalogue_is_what_was_set_up_and_no_entry_leaves_anything_to_say():
    document = validate_document(a_value("shop", services=[*SERVICES.values()]))

    said = {finding.path for finding in warnings(document)}

    assert sorted(SERVICES) == VENDORS
    assert said == set()
    assert len(KEEPING) >= 10


@pytest.mark.parametrize("vendor", KEEPING)
def test_no_two_entries_of_the_catalogue_name_the_same(vendor):
    for kind, pattern in stores(vendor):
        assert owners(kind, pattern.replace("*", "x")) == {vendor}

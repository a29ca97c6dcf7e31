"""Known trackers: recognised under their names, their hosts, and under patterns that hide them."""

from itertools import product
from re import fullmatch

import pytest
from hypothesis import given
from hypothesis import strategies as some

from consent_server.sites.known_trackers import (
    HOSTS,
    NAMES,
    can_match_the_same,
    is_tracking_tool,
    tracker_host,
    tracker_named,
)

PATTERNS = some.text(some.sampled_from("ab*"), max_size=4)
KNOWN = [pattern for patterns in NAMES.values() for pattern in patterns]


def test_the_list_is_long_enough_to_make_the_common_lie_impossible():
    assert len(set(KNOWN)) >= 60
    assert len(set(HOSTS)) >= 60


@pytest.mark.parametrize("pattern", KNOWN)
def test_every_known_name_is_recognised(pattern):
    assert tracker_named(pattern.replace("*", "X1").replace("?", "a")) is not None


@pytest.mark.parametrize("name", ["session", "csrf_token", "basket", "lang", "PHPSESSID", "demo_*"])
def test_an_ordinary_name_is_not_taken_for_a_tracker(name):
    assert tracker_named(name) is None


@pytest.mark.parametrize("pattern", ["*", "_g*", "*ga", "_ga*", "_hj*", "_hjS*", "_?a", "__utm*"])
def test_a_pattern_that_could_hide_a_tracker_is_recognised(pattern):
    assert tracker_named(pattern) is not None


@given(PATTERNS, PATTERNS)
def test_two_patterns_meet_exactly_when_a_short_name_matches_both(one, other):
    names = _names_matching(one) & _names_matching(other)

    assert can_match_the_same(one, other) == bool(names)
    assert can_match_the_same(one, other) == can_match_the_same(other, one)


def _names_matching(pattern: str) -> set[str]:
    """Return the matching names of at most 8 letters; patterns of 4 meet there or never."""
    expression = pattern.replace("*", "[ab]*")
    return {
        name
        for length in range(9)
        for name in map("".join, product("ab", repeat=length))
        if fullmatch(expression, name)
    }


def test_hosts_count_with_those_below_them_and_without_their_port():
    assert tracker_host("www.google-analytics.com") == "google-analytics.com"
    assert tracker_host("region1.google-analytics.com:443") == "google-analytics.com"
    assert tracker_host("notgoogle-analytics.com") is None
    assert tracker_host("google-analytics.com.shop.example") is None


def test_tools_are_known_however_they_are_written():
    assert is_tracking_tool("Google Analytics") and is_tracking_tool("google_analytics")
    assert is_tracking_tool("Meta Pixel") and not is_tracking_tool("Shop basket")

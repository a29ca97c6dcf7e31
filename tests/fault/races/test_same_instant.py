"""F-43: two tabs of one visitor answer at the same instant."""

import time
from typing import NamedTuple

import pytest

from tests.browser.service import gated
from tests.fault.races.tabs import granted

PAIR = {"functional": False, "analytics": True, "marketing": False}
OTHER = {"functional": False, "analytics": False, "marketing": True}
ACCEPT, REJECT = "ConsentServer.acceptAll()", "ConsentServer.rejectAll()"
WITHDRAW = "ConsentServer.withdraw()"


class Race(NamedTuple):
    """What the two tabs do, and what came before."""

    first: str
    second: str
    #: Whether the visitor has said yes before.
    is_known: bool = False
    is_gpc: bool = False


def save(**categories):
    return (
        f"ConsentServer.save({str(categories).replace('True', 'true').replace('False', 'false')})"
    )


RACES = {
    "grant/deny": Race(ACCEPT, REJECT),
    "deny/grant": Race(REJECT, ACCEPT),
    "save/save": Race(save(**PAIR), save(**OTHER)),
    "withdraw/accept": Race(WITHDRAW, ACCEPT, is_known=True),
    "save/withdraw, gpc": Race(save(analytics=True), WITHDRAW, is_gpc=True),
}
GPC = "Object.defineProperty(navigator, 'globalPrivacyControl', {get: () => true})"
#: A yes takes effect when it arrives, whatever was said in between.
NAIVE = """
    const keep = (yes) => {
        const choice = encodeURIComponent(JSON.stringify({categories: {analytics: yes}}));
        document.cookie = `consent_state=${choice};path=/`;
    };
    window.ConsentServer = {
        ready: async () => {},
        has: (id) => id === 'analytics' && document.cookie.includes('true'),
        rejectAll: async () => keep(false),
        acceptAll: () => new Promise((resolve) => setTimeout(() => resolve(keep(true)), 300)),
    };
"""
#: The yes comes between so many milliseconds after and before the other answer: at the same
#: instant, on the way to the log, and just acknowledged.
LATEST, EARLIEST = 5, 120


def run(race, visitor, address, head_start):
    """Let both tabs act; gives the tabs, the one of the yes first."""
    tabs = visitor.open(address, 2)
    if race.is_known:
        tabs[0].evaluate(ACCEPT)
        visitor.rest(tabs[0])
        tabs[1].wait_for_function("ConsentServer.has('analytics')", polling=10)
    acts = [race.first, race.second]
    yes = 0 if "accept" in race.first or "save" in race.first else 1
    instant = time.time() * 1000 + 60
    for number in (yes, 1 - yes):
        start = instant + (0 if number == yes else head_start)
        tabs[number].evaluate(f"([start]) => void at(start, () => {acts[number]})", [start])
    for tab in tabs:
        tab.wait_for_function("notes.promise", polling=10)
        tab.evaluate("notes.promise.then(() => undefined)")
    visitor.rest(tabs[0])
    return tabs[yes], tabs[1 - yes]


def problems(visitor, yes, no, is_save):
    """Return what is wrong when both tabs have come to rest; an informed yes may hold."""
    both = wait_until_alike(yes, no)
    choices = visitor.state().get("categories", {})
    device = {id_ for id_, choice in choices.items() if choice}
    in_log, checked = visitor.granted_in_log(), visitor.granted_by_check()
    found = f"tabs {both}, device {device}, log {in_log}, check {checked}"
    wrong = []
    if not both[0] == both[1] == device:
        wrong.append(f"the tabs differ: {found}")
    if checked != device or in_log != ([device] if device else []):
        wrong.append(f"the log holds something else: {found}")
    if not yes.evaluate("notes.knew") and len(device) > int(is_save):
        wrong.append(f"the no does not hold: {found}")
    return wrong


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("name", RACES)
def test_two_tabs_that_answer_at_once_end_alike_and_the_no_holds(
    name, trials, a_visitor, site, web
):
    race = RACES[name]
    address = site.page(gated("analytics", "/a.js", web), path="/one")
    run_of = trials(f"F-43 {name}", "two tabs answer at the same instant", 200)
    for number in run_of:
        visitor = a_visitor()
        if race.is_gpc:
            visitor.context.add_init_script(GPC)
        head_start = run_of.random.uniform(-LATEST, EARLIEST)

        yes, no = run(race, visitor, address, head_start)

        for wrong in problems(visitor, yes, no, name == "save/save"):
            run_of.fail(number, f"{head_start:.1f} ms: {wrong}")
        run_of.counts["yes after the no was known"] += yes.evaluate("notes.knew")
        ends = [tab.evaluate("Math.max(0, ...notes.ends)") for tab in (yes, no)]
        pressed = [tab.evaluate("notes.pressed") for tab in (yes, no)]
        run_of.times.append(max(0.0, max(ends) - max(pressed)))
        visitor.close()


def test_a_widget_that_lets_the_later_write_win_is_found_out(a_visitor, site):
    visitor = a_visitor()
    address = site.page(head=f"<script>{NAIVE}</script>")

    yes, no = run(RACES["grant/deny"], visitor, address, 20)

    assert any("the no does not hold" in wrong for wrong in problems(visitor, yes, no, False))


def wait_until_alike(one, other):
    """Give both tabs the time that a message takes."""
    both = granted(one), granted(other)
    for _ in range(100):
        if both[0] == both[1]:
            break
        one.wait_for_timeout(20)
        both = granted(one), granted(other)
    return both

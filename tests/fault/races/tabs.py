"""One visitor with several tabs, whose scripts act on the millisecond."""

import json
import urllib.parse
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from consent_server.exports.listing import records
from consent_server.exports.selection import Selection
from tests.browser.service import Site

#: In every tab before the page's own scripts: what is granted when, on one clock for all tabs.
NOTES = """
(() => {
    const clock = () => performance.timeOrigin + performance.now();
    const state = () => document.cookie.match(/consent_state=[^;]*/)?.[0];
    window.notes = {ends: [], knew: false};
    for (const name of ['decided', 'changed', 'withdrawn']) {
        document.addEventListener(`consent:${name}`, () => { notes.ends.push(clock()); });
    }
    /** Acts when the clock of the machine shows an instant. */
    window.at = (instant, act) => {
        const before = state();
        const wait = () => {
            if (clock() < instant - 8) {
                setTimeout(wait, 1);
                return;
            }
            while (clock() < instant) {}
            notes.knew = state() !== before;
            notes.pressed = clock();
            notes.promise = act();
        };
        wait();
    };
})();
"""
READY = "ConsentServer.ready().then(() => undefined)"
#: Nothing waits, and nothing has been written for a moment.
AT_REST = """() => new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`on its way: ${names()}`)), 60_000);
    const isOnTheWay = (name) => /^consent_(press|queue)/.test(name);
    const names = () => Object.keys(localStorage).filter(isOnTheWay);
    const seen = () => document.cookie + names();
    let [last, calm] = [seen(), 0];
    const look = () => {
        const now = seen();
        calm = now === last && names().length === 0 ? calm + 1 : 0;
        last = now;
        calm > 5 ? resolve() : setTimeout(look, 10);
    };
    look();
})"""
GRANTED = "['functional', 'analytics', 'marketing'].filter((id) => ConsentServer.has(id)).join()"


class Visitor:
    """One device with its tabs."""

    def __init__(self, browser: Browser, site: Site, **options: Any):
        self.site = site
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(15_000)
        self.context.add_init_script(NOTES)
        self.since = datetime.now(UTC)

    def open(self, address: str, count: int = 1) -> list[Page]:
        """Open tabs and wait until the widget of each knows what may run."""
        tabs = [self.context.new_page() for _ in range(count)]
        for tab in tabs:
            tab.goto(address)
            wait_until_ready(tab)
        return tabs

    def rest(self, tab: Page) -> None:
        """Wait until everything is delivered and written."""
        tab.evaluate(AT_REST)

    def state(self) -> dict[str, Any]:
        """Return the decision on the device, empty without one."""
        return dict(json.loads(urllib.parse.unquote(self._cookie("consent_state") or "{}")))

    def token(self) -> str:
        """Return the token on the device."""
        return self._cookie("consent_token")

    def _cookie(self, name: str) -> str:
        jar = self.context.cookies()
        return next((cookie["value"] for cookie in jar if cookie["name"] == name), "")

    def log(self) -> list[dict[str, Any]]:
        """Return what the log holds since this visitor came."""
        with self.site.service.app.app_context():
            return list(records(Selection(self.site.id, level="subjects", start=self.since)))

    def granted_in_log(self) -> list[set[str]]:
        """Return what is in force, for each subject who was given anything."""
        return [granted for granted in map(_granted, in_force(self.log())) if granted]

    def granted_by_check(self) -> set[str]:
        """Ask the check API what the token on the device is good for."""
        answer = self.site.check(self.token(), "analytics")
        return _granted(answer)

    def close(self) -> None:
        """Leave for good."""
        self.context.close()


def wait_until_ready(tab: Page) -> None:
    """Wait until the widget has read what this device remembers."""
    tab.wait_for_function("window.ConsentServer && !Array.isArray(ConsentServer)", polling=10)
    tab.evaluate(READY)


def granted(tab: Page) -> set[str]:
    """Return the optional categories that may run on a page."""
    return set(tab.evaluate(GRANTED).split(",")) - {""}


def in_force(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the record that holds for each subject, by the counter and then by time."""
    newest: dict[str, dict[str, Any]] = {}
    for record in log:
        subject = record.get("subject")
        if subject and not record["superseded"]:
            order = (record["n"], record["recorded_at"])
            held = newest.get(subject)
            if held is None or order >= (held["n"], held["recorded_at"]):
                newest[subject] = record
    return list(newest.values())


def _granted(held: dict[str, Any]) -> set[str]:
    return {id_ for id_, choice in held["categories"].items() if choice["granted"]} - {"necessary"}

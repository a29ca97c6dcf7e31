"""A visitor in any engine: finds things by role and name, never by class."""

import base64
import json
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

from tests.browser.consent_page import TEXTS
from tests.engines.engine import Engine

#: Seconds until something that should happen is given up.
PATIENCE = 15

#: Finds what can be seen with a role and a name, in the page and in the widget's open shadow trees.
FIND = """(role, name, within) => {
    const ROLES = {
        button: 'button', switch: '[role=switch]', heading: 'h2', status: 'output',
        dialog: 'dialog', region: 'section[aria-labelledby]',
    };
    const roots = [document];
    for (const host of document.querySelectorAll('consent-server, consent-placeholder')) {
        if (host.shadowRoot) roots.push(host.shadowRoot);
    }
    const all = (role) => roots.flatMap((root) => [...root.querySelectorAll(ROLES[role])]);
    const nameOf = (node) => {
        const by = node.getAttribute('aria-labelledby');
        const named = by && node.getRootNode().getElementById(by);
        const text = (named || node.labels?.[0] || node).textContent;
        return (node.getAttribute('aria-label') ?? text).trim();
    };
    return all(role).find((node) =>
        node.checkVisibility() &&
        (name === null || nameOf(node) === name) &&
        (within === null || node.closest(ROLES[within]))) ?? null;
}"""
IN_FOCUS = """() => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    const named = (node?.labels?.[0] ?? node)?.textContent.trim();
    return node === document.body ? "" : (node?.getAttribute("aria-label") ?? named);
}"""
IS_READY = "() => typeof ConsentServer === 'object' && !Array.isArray(ConsentServer)"


class Visitor:
    """What a visitor does and sees."""

    def __init__(self, engine: Engine):
        self.engine = engine
        self.texts = TEXTS["en"]

    def open(self, address: str) -> None:
        """Go to a page and wait until the widget knows what may run."""
        self.engine.go(address)
        self.eventually(lambda: self.engine.run(IS_READY), "the widget is there")
        self.engine.run("() => ConsentServer.ready().then(() => null)")

    def sees(self, role: str, slot: str | None = None, within: str | None = None) -> bool:
        """Tell whether something with this role and text is on the screen now."""
        return bool(
            self.engine.run(f"(...all) => !!({FIND})(...all)", role, self._name(slot), within)
        )

    def expect(self, role: str, slot: str | None = None, within: str | None = None) -> None:
        """Wait until it is on the screen."""
        self.eventually(lambda: self.sees(role, slot, within), f"{role} {slot} is on the screen")

    def expect_no(self, role: str, slot: str | None = None, within: str | None = None) -> None:
        """Wait until it is gone."""
        gone = f"{role} {slot} is gone"
        self.eventually(lambda: not self.sees(role, slot, within), gone)

    def press(self, slot: str, within: str | None = None) -> None:
        """Press a button with the mouse."""
        self.expect("button", slot, within)
        self.engine.click(FIND, "button", self._name(slot), within)

    def switch(self, slot: str) -> None:
        """Turn a switch of the second layer."""
        self.engine.click(FIND, "switch", self._name(slot), "dialog")

    def tab_to(self, slot: str) -> None:
        """Press Tab until a button or switch has the focus."""
        wanted = self._name(slot)
        for _ in range(30):
            if self.in_focus() == wanted:
                return
            self.engine.press("Tab")
        raise AssertionError(f"Tab does not reach {wanted!r}, but {self.in_focus()!r}")

    def in_focus(self) -> str:
        """Return the name of what has the focus; empty when nothing has."""
        return str(self.engine.run(IN_FOCUS))

    def expect_said(self, slot: str) -> None:
        """Wait for an announcement."""
        self.expect("status", slot)

    def granted(self) -> set[str]:
        """Return the optional categories that may run."""
        asked = "() => ['functional', 'analytics', 'marketing'].filter(id => ConsentServer.has(id))"
        return set(self.engine.run(asked))

    def ran(self) -> list[str]:
        """Return what the gated scripts of the page noted, in the order in which they ran."""
        return list(self.engine.run("() => window.ran ?? []"))

    def stored(self) -> dict[str, list[str]]:
        """Return the names of everything on the device."""
        kept = self.engine.run(
            """async () => ({
                local: Object.keys(localStorage),
                session: Object.keys(sessionStorage),
                databases: (await indexedDB.databases()).map(({name}) => name),
            })"""
        )
        return {**kept, "cookies": sorted(self.engine.cookies())}

    def remembered(self) -> dict[str, bool]:
        """Return the decision that the device remembers."""
        state = json.loads(urllib.parse.unquote(self.engine.cookies()["consent_state"]))
        return dict(state["categories"])

    def claims(self) -> dict[str, Any]:
        """Return what the token on the device says."""
        part = self.engine.cookies()["consent_token"].split(".")[1]
        return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))

    def eventually(self, holds: Callable[[], Any], what: str) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, f"in vain: {what}"
            time.sleep(0.02)

    def _name(self, slot: str | None) -> str | None:
        return None if slot is None else self.texts[slot]

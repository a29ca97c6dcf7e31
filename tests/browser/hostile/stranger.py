"""A visitor who sees and presses by the browser alone: the page's scripts cannot be believed."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.consent_page import TEXTS
from tests.browser.service import OPTIONAL

#: Seconds; only a failing test waits so long.
PATIENCE = 15
WITNESS = (Path(__file__).parent / "witness.js").read_text(encoding="utf-8")


class Stranger:
    """Looks at the accessibility tree and presses with the mouse, past the page's scripts."""

    def __init__(self, page: Page):
        self.page = page
        self.texts = TEXTS["en"]
        #: Every error that nobody caught, with where it came from.
        self.errors: list[str] = []
        self._browser = page.context.new_cdp_session(page)
        self._browser.on("Runtime.exceptionThrown", self._note)
        self._browser.send("Runtime.enable")
        page.add_init_script(WITNESS)

    def _note(self, thrown: dict[str, Any]) -> None:
        details = thrown["exceptionDetails"]
        frames = details.get("stackTrace", {}).get("callFrames", [])
        places = [f"{frame['url']}:{frame['columnNumber']}" for frame in frames]
        said = details.get("exception", {}).get("description", details["text"])
        self.errors.append(f"{said} at {places or details.get('url')}")

    def look_at(self, address: str, *, takes_its_time: bool = False) -> None:
        """Go to a page, and stay until it has loaded and done what it does over time."""
        self.page.goto(address)
        if takes_its_time:
            self.wait(lambda: "data-done" in self._root()["attributes"], "the end of it")

    def evaluate(self, expression: str) -> Any:
        """Return a plain value of the page; nothing else runs in it."""
        answer = self._browser.send("Runtime.evaluate", {"expression": expression})
        return answer["result"].get("value")

    def said(self) -> list[str]:
        """Return what the widget has told the page by its events."""
        return [event for event in str(self.evaluate("__witness")).split(";") if event]

    def granted(self) -> set[str]:
        """Return the optional categories that may run, as the page's own code is told."""
        asked = " + ',' + ".join(f"ConsentServer.has('{id_}')" for id_ in OPTIONAL)
        said = str(self.evaluate(f"typeof ConsentServer.has === 'function' ? {asked} : ''"))
        return {
            id_ for id_, is_so in zip(OPTIONAL, said.split(","), strict=False) if is_so == "true"
        }

    def ran(self) -> set[str]:
        """Return the categories whose held-back script ran."""
        return {id_ for id_ in OPTIONAL if f"data-ran-{id_}" in self._root()["attributes"]}

    def _root(self) -> dict[str, Any]:
        document = self._browser.send("DOM.getDocument", {"depth": 1})["root"]
        return dict(next(node for node in document["children"] if node["nodeType"] == 1))

    def sees(self, slot: str) -> int | None:
        """Return the button with a text, if a person can see it."""
        document = self._browser.send("DOM.getDocument", {"depth": 0})["root"]
        wanted = {
            "nodeId": document["nodeId"],
            "role": "button",
            "accessibleName": self.texts[slot],
        }
        nodes = self._browser.send("Accessibility.queryAXTree", wanted)["nodes"]
        shown = [node["backendDOMNodeId"] for node in nodes if not node["ignored"]]
        return int(shown[0]) if shown else None

    def press(self, slot: str) -> None:
        """Press a button as a person does, once it is there."""
        self.wait(lambda: self.sees(slot) is not None, f"a button to {slot}")
        quads = self._browser.send("DOM.getContentQuads", {"backendNodeId": self.sees(slot)})
        left, top, _, _, right, bottom, *_ = quads["quads"][0]
        self.page.mouse.click((left + right) / 2, (top + bottom) / 2)

    def stored(self) -> set[str]:
        """Return the names of all cookies and entries on the device."""
        origin = "/".join(self.page.url.split("/")[:3])
        names = {str(cookie["name"]) for cookie in self.page.context.cookies()}
        for is_local in (True, False):
            area = {"securityOrigin": origin, "isLocalStorage": is_local}
            items = self._browser.send("DOMStorage.getDOMStorageItems", {"storageId": area})
            names |= {name for name, _ in items["entries"]}
        return names

    def wait(self, is_so: Callable[[], object], what: str) -> None:
        """Look again and again until it is so."""
        end = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < end, f"never saw {what}; {self.said()} {self.errors}"
            self.page.wait_for_timeout(40)

"""Natives that are not there."""

from tests.browser.hostile.hostile_page import HostilePage, Outcome

PAGES = [
    HostilePage("no Intl", "delete window.Intl;"),
    HostilePage("no WebCrypto", "Object.defineProperty(crypto, 'subtle', {value: undefined});"),
    HostilePage(
        "no MutationObserver",
        "delete window.MutationObserver;",
        Outcome.UNASKED,
        "what comes later could not be held back",
        "failed",
    ),
    HostilePage(
        "no BroadcastChannel, no structuredClone",
        "delete window.BroadcastChannel; delete window.structuredClone;",
    ),
    HostilePage(
        "no fetch", "delete window.fetch;", Outcome.DENIED, "nothing can be sent", "unreachable"
    ),
    HostilePage(
        "no navigator.languages",
        "Object.defineProperty(navigator, 'languages', {value: undefined});",
        Outcome.UNASKED,
        "every browser has them; a page without has broken it",
        "failed",
    ),
]

"""Pages as many are built, which do harm when their consent service is broken: the controls."""

from tests.browser.web import VENDOR, Web


def _fails_open(web: Web) -> str:
    """Return a tag that takes a missing banner for consent."""
    return f"""<script>addEventListener('load', () => {{
        if (!window.ConsentServer) document.body.append(Object.assign(
            document.createElement('img'), {{alt: '', src: '{web.origin(VENDOR)}/tracker.gif'}}));
    }})</script>"""


def _throws(web: Web) -> str:
    """Return code that needs the banner to be there."""
    return "<script>addEventListener('load', () => ConsentServer.has('analytics'))</script>"


def _stores(web: Web) -> str:
    """Return code that gives every visitor an identifier, banner or not."""
    return "<script>document.cookie = 'visitor=' + Math.random()</script>"


def _covers(web: Web) -> str:
    """Return a cover that the banner would have taken away."""
    return """<style>body::after { content: ''; position: fixed; inset: 0; z-index: 9 }</style>
        <script>document.addEventListener('DOMContentLoaded',
            () => document.body.inert = true)</script>"""


NAIVE = {
    "fails open": _fails_open,
    "throws": _throws,
    "stores": _stores,
    "covers": _covers,
}

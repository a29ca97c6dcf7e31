"""Every route of the service with an address to call it by, and what its answers must carry.

A route that is added to the service fails the tests until it has its line here.
"""

from dataclasses import dataclass

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
API = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PAGE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-store",
}
SCRIPT = {**PAGE, "Cache-Control": "public, max-age=0, stale-if-error=604800"}
PINNED = {**PAGE, "Cache-Control": "public, max-age=31536000, immutable"}
KEYS = {
    **API,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "public, max-age=300",
}
PEOPLE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Line:
    """One route."""

    address: str
    #: Methods besides HEAD and OPTIONS.
    methods: frozenset[str]
    #: Headers of a good answer.
    headers: dict[str, str]
    #: Who may call it: anyone, page (listed origins), operator, or the scope of an API key.
    who: str = "anyone"


def _line(address, methods, headers, who="anyone"):
    return Line(address, frozenset(methods.split()), headers, who)


#: Rule of the URL map → its line; ``{build}`` is the published widget build, ``{record}`` a record
#: that is in the log.
ROUTES = {
    "/s/<site_id>.js": _line("/s/demo.js", "GET", SCRIPT),
    "/widget/<build>.js": _line("/widget/{build}.js", "GET", PINNED),
    "/v1/sites/<site_id>/bundle": _line("/v1/sites/demo/bundle", "GET", SCRIPT),
    "/v1/sites/<site_id>/consents": _line("/v1/sites/demo/consents", "GET POST", API, "export"),
    "/v1/sites/<site_id>/me": _line("/v1/sites/demo/me", "GET DELETE", PAGE, "page"),
    "/v1/sites/<site_id>/me/receipt": _line("/v1/sites/demo/me/receipt", "GET", PAGE, "page"),
    "/v1/sites/<site_id>/export": _line("/v1/sites/demo/export?format=csv", "GET", API, "export"),
    "/v1/sites/<site_id>/log/checkpoint": _line("/v1/sites/demo/log/checkpoint", "GET", API),
    "/v1/sites/<site_id>/log/key": _line("/v1/sites/demo/log/key", "GET", API),
    "/v1/sites/<site_id>/log/handovers": _line("/v1/sites/demo/log/handovers", "GET", API),
    "/v1/sites/<site_id>/trail": _line("/v1/sites/demo/trail", "GET", API, "admin"),
    "/v1/sites/<site_id>/log/tile/<path:path>": _line(
        "/v1/sites/demo/log/tile/0/000.p/3", "GET", API, "export"
    ),
    "/v1/sites/<site_id>/consents/<record_id>/proof": _line(
        "/v1/sites/demo/consents/{record}/proof", "GET", API, "export"
    ),
    "/v1/check": _line("/v1/check?site=demo", "GET POST", API, "check"),
    "/.well-known/jwks.json": _line("/.well-known/jwks.json", "GET", KEYS),
    "/.well-known/gpc.json": _line("/.well-known/gpc.json", "GET", KEYS),
    "/openapi.json": _line("/openapi.json", "GET", PEOPLE),
    "/docs": _line("/docs", "GET", PEOPLE),
    "/docs/style.css": _line("/docs/style.css", "GET", PEOPLE),
    "/healthz": _line("/healthz", "GET", API),
    "/readyz": _line("/readyz", "GET", API),
    "/metrics": _line("/metrics", "GET", API, "operator"),
}

"""The first-party path: is the service mounted on the very host that the page comes from?"""

from urllib.parse import urlsplit

from consent_server.web.context import this_request


def own_host(origin: str) -> str | None:
    """Return the host of a page that asked its own host; None when it asked another one.

    The browser's word counts: no script can write ``Sec-Fetch-Site``, and it is right behind every
    proxy. For browsers without it ``Host`` has to be the page's, so a proxy must pass it on; what
    ``X-Forwarded-*`` say is never looked at, anybody can write them. Outside a browser all of this
    can be forged, and sets a cookie for nobody but the forger.

    :param origin: of the page, already checked against the site's list
    """
    authority = origin.partition("://")[2]
    environ = this_request().environ
    said = environ.get("HTTP_SEC_FETCH_SITE")
    is_own = environ.get("HTTP_HOST") == authority if said is None else said == "same-origin"
    return urlsplit(origin).hostname if is_own else None

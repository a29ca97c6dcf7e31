"""Which site, and which program of it, speaks in this request."""

from flask import request

from consent_server import rowscope
from consent_server.sites.errors import KeyInBrowser, KeyMissing, SiteUnknown
from consent_server.sites.keys import Credential, authenticate


def require_key(scope: str, site_id: str) -> Credential:
    """Return the credential of this request, which must be of this site and have this scope.

    From here on the request sees the rows of that site, and no other's.

    :raises KeyMissing: no ``Authorization: Bearer``
    :raises KeyInvalid: a key that opens nothing
    :raises KeyInBrowser: the request comes from a web page
    :raises SiteUnknown: the key is another site's; answers as for a site that does not exist
    :raises ScopeMissing: a key for something else
    """
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise KeyMissing
    if "Origin" in request.headers:
        raise KeyInBrowser
    credential = authenticate(key.strip())
    if credential.site_id != site_id:
        raise SiteUnknown
    credential.require(scope)
    rowscope.enter(rowscope.of_site(credential.site_id))
    return credential

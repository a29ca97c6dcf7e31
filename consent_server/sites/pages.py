"""The door for requests that come from a site's pages: listed origins only."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from consent_server.sites.directory import in_force
from consent_server.sites.models import Publication
from consent_server.sites.origins import is_allowed
from consent_server.sites.service import origins_of
from consent_server.web import cors
from consent_server.web.context import this_request
from consent_server.web.cors import preflight

__all__ = ["cleared_for_page", "preflight"]

Answer = TypeVar("Answer")


def cleared_for_page(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Run a view only for a page whose origin the site lists.

    No cookie is read behind this door, so a forged origin from outside a browser gains nothing that
    flooding would not. A GET without an origin comes from the site's own host, when the service is
    mounted there (browsers leave it out), or from no browser; it still needs its consent id.

    :raises SiteUnknown: no such site, or archived
    :raises OriginNotAllowed: no origin, or one that is not listed
    """

    @wraps(view)
    def cleared(*args: Any, site_id: str, **kwargs: Any) -> Answer:
        cors.varies()
        request = this_request()
        if request.method in ("GET", "HEAD") and "HTTP_ORIGIN" not in request.environ:
            in_force(site_id)
            return view(*args, site_id=site_id, **kwargs)
        origin = request.environ.get("HTTP_ORIGIN", "")

        def is_listed(known: Publication) -> bool:
            return is_allowed(origin, origins_of(known))

        if not is_listed(in_force(site_id, is_listed)):
            raise cors.OriginNotAllowed
        cors.answer_to(origin)
        return view(*args, site_id=site_id, **kwargs)

    return cleared

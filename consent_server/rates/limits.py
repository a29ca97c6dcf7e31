"""What may be asked how often; the figures of ``docs/settings.md``."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["grant", "denial", "rights"]


@dataclass(frozen=True)
class Limit:
    """A token bucket."""

    #: Requests at once.
    burst: int
    #: Requests a second, for as long as one likes.
    per_second: float


@dataclass(frozen=True)
class Limits:
    """The buckets that one request takes from; all of them, or none."""

    #: One network at one site; an office or a village shares an address.
    network: Limit
    #: A whole site; none for what nothing may hold up.
    site: Limit | None
    #: The whole service.
    everything: Limit


#: A no, also one beside a yes, has buckets of its own, and no site can use them up: whoever floods
#: a site with yeses keeps nobody from saying no. On a site's own host a decision is sent twice.
LIMITS: dict[Kind, Limits] = {
    "grant": Limits(Limit(60, 2), Limit(1_000, 200), Limit(5_000, 1_000)),
    "denial": Limits(Limit(120, 8), None, Limit(10_000, 2_000)),
    "rights": Limits(Limit(120, 1), Limit(1_000, 50), Limit(5_000, 200)),
}

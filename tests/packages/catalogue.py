"""examples/services.yaml: what vendors' packages ask for and keep, as an owner copies it."""

import re
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
FILE = HERE.parents[1] / "examples" / "services.yaml"
#: Id → entry of ``services``.
SERVICES: dict[str, dict[str, Any]] = {
    service["id"]: service for service in yaml.safe_load(FILE.read_text("utf-8"))["services"]
}
#: One file for each in vendors/, the way its own documentation sets it up.
VENDORS = sorted(path.stem for path in (HERE / "vendors").glob("*.js"))
#: Their packages bring only the address of a script that is in no package.
LOADERS = {"google-analytics", "hotjar", "matomo"}
#: Their whole code is in a package, and it keeps something.
KEEPING = [name for name in VENDORS if name not in LOADERS and SERVICES[name].get("stores")]

#: Mixpanel's lock for several tabs: there for moments, left behind where a page goes in one. What
#: Segment could not send before the page went.
AT_TIMES = {("local_storage", "__mprec_*"), ("local_storage", "persisted-queue:v1:*")}


def hosts(vendor: str) -> set[str]:
    """Return the hosts that a vendor is said to contact."""
    return set(SERVICES[vendor]["hosts"])


def stores(vendor: str) -> set[tuple[str, str]]:
    """Return kind and pattern of all that a vendor is said to keep."""
    return {(store["kind"], store["name"]) for store in SERVICES[vendor].get("stores", [])}


def lifetime(vendor: str, cookie: str) -> str:
    """Return how long a cookie is said to live."""
    return next(
        str(store["lifetime"])
        for store in SERVICES[vendor]["stores"]
        if store["kind"] == "cookie" and is_named(cookie, store["name"])
    )


def is_named(name: str, pattern: str) -> bool:
    """Tell whether a pattern names something; ``*`` stands for any characters."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def owners(kind: str, name: str) -> set[str]:
    """Return the vendors that are said to keep something of this kind and name."""
    return {
        vendor
        for vendor in SERVICES
        if any(kind == of and is_named(name, pattern) for of, pattern in stores(vendor))
    }

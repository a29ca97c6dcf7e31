"""What the audit did not see, said so that nobody takes it for seen."""

from consent_server.audit.findings import Finding
from consent_server.audit.netlog import host_of
from consent_server.audit.seen import Seen


def name_limits(seen: Seen, *, accepts: bool) -> list[Finding]:
    """Name the lives that were left out, and what was declared but not met."""
    if not accepts:
        return [
            Finding(
                "left_out",
                "acceptance and withdrawal",
                "--no-accept was given: what happens after an acceptance, and whether it ends "
                "with a withdrawal, was not looked at.",
                "Run the audit without it, at best on a copy of the site.",
            )
        ]
    if seen.life("withdrawal") is None:
        asked = seen.declared is None or seen.declared.optional
        return [
            Finding(
                "left_out",
                "refusal and acceptance",
                "The first page asked nothing, so nothing could be answered."
                if asked
                else "The site asks for nothing optional.",
                "Mend the first page and run the audit again." if asked else "Nothing.",
            )
        ]
    return _not_seen(seen)


def _not_seen(seen: Seen) -> list[Finding]:
    contacted = {host_of(contact.url) for life in seen.lives for contact in life.contacts}
    stored = {one for life in seen.lives for sight in life.sights for one in sight.stored}
    return [
        Finding(
            "not_seen",
            service.name,
            "Declared, but these pages neither contacted its hosts nor stored what it declares, "
            "not even after an acceptance.",
            "Audit a page that uses it (--pages), or take it out of the document.",
            category=service.category,
            service=service.id,
        )
        for service in seen.known().services
        if (service.hosts or service.stores)
        and not contacted.intersection(service.hosts)
        and not any(map(service.keeps, stored))
    ]

"""Hosts: every one is declared, and contacted only with consent to one of its services."""

from collections.abc import Iterable, Sequence

from consent_server.audit.declared import Declared, Service
from consent_server.audit.findings import Finding
from consent_server.audit.judging.occasions import FORBIDDEN, Occasions, in_words
from consent_server.audit.netlog import host_of
from consent_server.audit.observed import Stage
from consent_server.audit.seen import Seen
from consent_server.sites.known_trackers import tracker_host


def judge_hosts(seen: Seen, own: Sequence[str], with_tags: set[str]) -> list[Finding]:
    """Judge every host that is not the site's own.

    :param own: further hosts of the site's owner
    :param with_tags: hosts whose unmarked tags have findings of their own
    """
    declared = seen.known()
    found: list[Finding] = []
    for host, occasions in _by_host(seen, declared, {*own, *seen.own_hosts()}).items():
        services = declared.contacting(host)
        if not services:
            found.append(_undeclared(host, occasions, declared))
        elif not any(service.is_required for service in services):
            found += _without_consent(host, occasions, services, host in with_tags)
    return found


def _by_host(seen: Seen, declared: Declared, own: Iterable[str]) -> dict[str, Occasions]:
    hosts: dict[str, Occasions] = {}
    for life in seen.lives:
        for sight, contact in life.contacts_by_sight():
            if contact.host not in own and not declared.is_own(contact.url):
                occasions = hosts.setdefault(contact.host, Occasions())
                occasions.add(sight.stage, sight.page, contact.url)
    return hosts


def _undeclared(host: str, occasions: Occasions, declared: Declared) -> Finding:
    when = occasions.when()
    said = f"Contacted {in_words(when)}."
    if tracker := tracker_host(host):
        said += f" It belongs to {tracker}, a known tracker."
    return Finding(
        "undeclared_host",
        host,
        said,
        _how_to_declare(host, declared),
        when,
        occasions.pages(when),
        details={"url": occasions.example(when)},
    )


def _how_to_declare(host: str, declared: Declared) -> str:
    family = host.partition(":")[0].split(".")[-2:]
    for service in declared.services:
        for other in service.hosts:
            if len(family) == 2 and other.partition(":")[0].split(".")[-2:] == family:
                return (
                    f"If it belongs to {service.name}, which declares {other}: add it to the "
                    f"hosts of the service `{service.id}` in the site's document. Otherwise take "
                    "it off the page, or declare the service that it belongs to."
                )
    return (
        "Find out what loads it and what for. Take it off the page, or declare its service in the "
        "site's document (`services`, with the host in `hosts`) and hold its tag back with "
        "`data-category`. A host of the site's own is named to the audit by --own HOST."
    )


def _without_consent(
    host: str,
    occasions: Occasions,
    services: Sequence[Service],
    has_tag: bool,
) -> list[Finding]:
    found = []
    names = " and ".join(f"{service.name} ({service.category})" for service in services)
    if when := occasions.when(FORBIDDEN):
        found.append(
            Finding(
                "host_without_consent",
                host,
                f"Declared for {names}, and contacted {in_words(when)}.",
                _how_to_hold_back(when, services[0], has_tag),
                when,
                occasions.pages(when),
                services[0].category,
                services[0].id,
                {"url": occasions.example(when)},
            )
        )
    if "after_withdrawal" not in when and (leaving := occasions.when(["withdrawing"])):
        found.append(
            Finding(
                "sent_while_leaving",
                host,
                f"{names} still sent something between the withdrawal and the moment at which "
                "the page was loaded anew.",
                "Scripts that run cannot be stopped. If this one can be told, tell it when the "
                "event `consent:withdrawn` comes.",
                leaving,
                occasions.pages(leaving),
                services[0].category,
                services[0].id,
                {"url": occasions.example(leaving)},
            )
        )
    return found


def _how_to_hold_back(when: Sequence[Stage], service: Service, has_tag: bool) -> str:
    if has_tag:
        return "The tag that loads it has a finding of its own: mark it as said there."
    marks = f'data-category="{service.category}" data-service="{service.id}"'
    if when == ("after_withdrawal",):
        return (
            "Something runs without looking at the choice, perhaps because it remembers an earlier "
            f'one. Hold its tag back ({marks}), or let it ask `ConsentServer.has("'
            f'{service.category}")` on every page. With `on_withdrawal: continue` it also has to '
            "stop by itself when `consent:withdrawn` comes."
        )
    return (
        f'Hold back what loads it: <script type="text/plain" {marks} data-src="…">; an iframe or '
        "img gets the same attributes and data-src instead of src. Code of your own asks "
        f'`ConsentServer.has("{service.category}")` first.'
    )


def hosts_of(addresses: Iterable[str]) -> list[str]:
    """Return the hosts of addresses, each once."""
    return list(dict.fromkeys(filter(None, map(host_of, addresses))))

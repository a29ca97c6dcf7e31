"""All that an audit has seen, and whose it is."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from consent_server.audit.declared import Declared
from consent_server.audit.netlog import host_of
from consent_server.audit.observed import Life


@dataclass
class Seen:
    """Up to three lives, and what they are compared with."""

    lives: list[Life] = field(default_factory=list)
    #: None when there is no widget, and nothing was named.
    declared: Declared | None = None
    #: What the widget of the pages has published: what it asks, in which words.
    published: Declared | None = None
    #: Addresses of the services whose widget was found.
    services: set[str] = field(default_factory=set)

    def known(self) -> Declared:
        """Return what was declared; only for those who have seen that it is there."""
        if self.declared is None:
            raise RuntimeError("there is nothing to compare with")
        return self.declared

    def asked(self) -> Declared:
        """Return what visitors are asked; a document that is compared may not be published yet."""
        return self.published or self.known()

    def life(self, name: str) -> Life | None:
        """Return a life, or None when it was left out."""
        return next((life for life in self.lives if life.name == name), None)

    def own_hosts(self) -> set[str]:
        """Return the hosts of the pages and of the consent service."""
        addresses = [*self.services, *(s.page for life in self.lives for s in life.sights)]
        return set(filter(None, map(host_of, addresses)))

    def page_names(self) -> set[str]:
        """Return the host names of the pages, without ports."""
        pages = (sight.page for life in self.lives for sight in life.sights)
        return {urlsplit(page).hostname or "" for page in pages}

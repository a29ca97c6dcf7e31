"""What might have been seen of a shop, without a browser: for tests of the judgement alone."""

from consent_server.audit.declared import Declared
from consent_server.audit.netlog import Contact
from consent_server.audit.observed import Life, Sight, Stored
from consent_server.audit.seen import Seen
from consent_server.embed.shipped import artifacts
from consent_server.sites.bundle import build_bundle
from tests.builders import a_document

PAGE = "https://shop.example/"
#: Stage → the life in which a visitor comes there.
LIVES = {
    "before_choice": "no_choice",
    "after_refusal": "refusal",
    "after_acceptance": "withdrawal",
    "withdrawing": "withdrawal",
    "after_withdrawal": "withdrawal",
}


def seen(contacts=(), stored=(), tags=(), origins=(), **changes) -> Seen:
    """Return three lives of one page each stage.

    :param contacts: pairs of a stage and an address
    :param stored: pairs of a stage and what is stored then
    :param changes: of the document
    """
    bundle = build_bundle(a_document(**changes), artifacts().texts, "", None)
    lives = {name: Life(name) for name in ("no_choice", "refusal", "withdrawal")}
    for at, (stage, life) in enumerate(LIVES.items()):
        kept = [one for when, one in stored if when == stage]
        lives[life].sights.append(Sight(PAGE, stage, float(at), stored=kept))
        lives[life].contacts += [
            Contact(at + 0.5, _host(url), url, "shop.example")
            for when, url in contacts
            if when == stage
        ]
    lives["no_choice"].sights[0].tags = list(tags)
    return Seen(list(lives.values()), Declared(bundle, "page", "hash", origins))


def cookie(name, place="shop.example", http_only=False) -> Stored:
    """Return a cookie."""
    return Stored("cookie", name, place, http_only)


def _host(url: str) -> str:
    return url.split("/")[2]

"""The proof pack as a page that people read: one file, which asks nobody for anything.

The banner in it is the stored build, run on the stored bundle, in frames that have no origin, no
storage and no network, and in which no answer can be given.
"""

import json
import re
from typing import Any

from flask import render_template
from markupsafe import Markup

from consent_server.embed.script import applied
from consent_server.embed.shipped import artifacts
from consent_server.evidence.pack import Pack
from consent_server.ledger.canonical import digest
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.vocabulary import words
from consent_server.vocabulary.texts import how_to_withdraw, language_of

#: Answers, which the frames do not take.
ANSWERS = ("accept", "reject", "save", "withdraw", "close_reject")

#: What would end the element that holds a script, or change how it is read; in JavaScript a ``<``
#: stands before such words in texts alone, and there a backslash changes nothing.
ENDS_SCRIPT = re.compile("<(?=/script|!--|script)", re.IGNORECASE)


def as_page(pack: Pack) -> bytes:
    """Return the page; the same pack gives the same bytes."""
    record, bundle = pack["record"], json.loads(pack["bundle"])
    language = language_of(record, bundle)
    # Scripts and styles of this file alone may run: what the texts hold is never markup.
    nonce = digest(pack["proof"].encode())
    page = render_template(
        "proof.html",
        pack=pack,
        record=record,
        bundle=bundle,
        language=language,
        words=words,
        answers=words.answers(record, bundle, artifacts().texts["en"]),
        withdraw=how_to_withdraw(pack["texts"]),
        checkpoint=Checkpoint.parse(pack["checkpoint"].partition("\n\n")[0] + "\n"),
        frame=_data(_frame(pack, bundle, language, nonce)),
        data=_data(pack),
        nonce=nonce,
    )
    return page.encode()


def _frame(pack: Pack, bundle: dict[str, Any], language: str, nonce: str) -> str:
    """Return the document of the frames; its ``__consent_layer__`` is the layer to show."""
    known = {
        "hash": pack["record"]["bundle"],
        "build": pack["record"]["build"],
        "bundle": bundle,
        "keys": [],
    }
    code = applied(pack["build"].encode(), known).decode()
    texts = pack["texts"]
    return render_template(
        "proof-frame.html",
        nonce=nonce,
        language=language,
        direction=words.direction(language),
        gpc=pack["record"]["gpc"],
        answers=[texts[slot] for slot in ANSWERS if slot in texts],
        code=Markup(ENDS_SCRIPT.sub(r"<\\", code)),
    )


def _data(value: Any) -> Markup:
    """Return a value as JSON that may stand in a script element."""
    return Markup(json.dumps(value, ensure_ascii=False).replace("<", "\\u003c"))

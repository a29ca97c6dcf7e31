"""The receipt as a page: to be read, printed and kept; no script, nothing from anywhere else."""

from flask import render_template

from consent_server.ledger.canonical import digest
from consent_server.rights.receipts import Receipt
from consent_server.vocabulary import dpv, words
from consent_server.vocabulary.texts import how_to_withdraw, language_of, texts_of


def nonce_of(receipt: Receipt) -> str:
    """Return what allows the page's own style, and no other."""
    return digest(receipt.record["record_id"].encode())[:22]


def as_page(receipt: Receipt, jwt: str) -> str:
    """Return the page, in the language in which the visitor was asked.

    :param jwt: the signed form, which the page carries along
    """
    record, bundle = receipt.record, receipt.bundle
    language = language_of(record, bundle)
    texts = texts_of(record, bundle)
    return render_template(
        "receipt.html",
        record=record,
        bundle=bundle,
        language=language,
        direction=words.direction(language),
        texts=texts,
        words=words,
        answers=words.answers(record, bundle, {}),
        withdraw=how_to_withdraw(texts),
        receipt_id=dpv.receipt_id(record),
        jwt=jwt,
        nonce=nonce_of(receipt),
    )

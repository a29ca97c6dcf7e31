"""The configuration document of a site: one YAML or JSON text that says all that a site decides.

``load_document`` reads it, whole or not at all; ``warnings`` says what could be better. No key can
make refusing harder than accepting (docs/site-document.md, "What cannot be written").
"""

from consent_server.sites.document.findings import DocumentInvalid, Finding
from consent_server.sites.document.lint import warnings
from consent_server.sites.document.model import (
    Authority,
    Category,
    Controller,
    Languages,
    Policy,
    RestrictedProof,
    Service,
    SiteDocument,
    Store,
    Theme,
)
from consent_server.sites.document.validation import load_document, validate_document

__all__ = [
    "Authority",
    "Category",
    "Controller",
    "DocumentInvalid",
    "Finding",
    "Languages",
    "Policy",
    "RestrictedProof",
    "Service",
    "SiteDocument",
    "Store",
    "Theme",
    "load_document",
    "validate_document",
    "warnings",
]

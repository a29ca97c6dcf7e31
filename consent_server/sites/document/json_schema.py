"""The document's rules as JSON Schema, so that an editor completes and checks keys while one types.

Made from the schema that validates, never by hand. It holds the rules of each key; what must hold
between keys is checked by ``plan`` alone.

``python -m consent_server.sites.document.json_schema > docs/site-document.schema.json``
"""

import json
from typing import Any

import marshmallow as ma

from consent_server.sites.document.schema import CategorySchema, SiteSchema
from consent_server.sites.document.signals import WordOrObject
from consent_server.sites.document.texts import InEachLanguage

#: A required category says why, and only a required one does.
_REASON_GOES_WITH_REQUIRED = {
    "if": {"properties": {"required": {"const": True}}, "required": ["required"]},
    "then": {"required": ["reason"], "properties": {"gpc": False}},
    "else": {"properties": {"reason": False}},
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a site's document, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Site document",
        "description": "Everything that a site decides about asking for consent.",
        **_object(SiteSchema()),
    }


def as_text() -> str:
    """Return the JSON Schema as it is kept in docs/."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def key_paths() -> set[str]:
    """Return every key of a document: ``services[].stores[].name``; texts count as one."""
    return set(_paths(SiteSchema(), ""))


def _object(schema: ma.Schema) -> dict[str, Any]:
    required = [key for key, field in schema.fields.items() if field.required]
    return {
        "type": "object",
        "properties": {key: _described(field) for key, field in schema.fields.items()},
        **({"required": required} if required else {}),
        "additionalProperties": False,
        **(_REASON_GOES_WITH_REQUIRED if isinstance(schema, CategorySchema) else {}),
    }


def _described(field: Any) -> dict[str, Any]:
    described = {"description": field.about} if getattr(field, "about", "") else {}
    has_default = not callable(field.load_default) and field.load_default is not ma.missing
    return {
        **described,
        **_value(field),
        **({"default": field.load_default} if has_default else {}),
    }


def _value(field: Any) -> dict[str, Any]:
    if isinstance(field, WordOrObject):
        return field.json_schema(_object(field.schema))
    if isinstance(field, InEachLanguage):
        return field.json_schema(_value(field.inner))
    if isinstance(field, ma.fields.Nested):
        return _object(field.schema)
    if isinstance(field, ma.fields.List):
        has_objects = isinstance(field.inner, ma.fields.Nested)
        return {
            "type": "array",
            "items": _described(field.inner),
            "minItems": field.least,  # type: ignore[attr-defined]
            "maxItems": field.most,  # type: ignore[attr-defined]
            **({} if has_objects else {"uniqueItems": True}),
        }
    described: dict[str, Any] = field.json_schema()
    return described


def _paths(schema: ma.Schema, prefix: str) -> list[str]:
    paths = []
    for key, field in schema.fields.items():
        paths.append(prefix + key)
        inner = field.inner if isinstance(field, ma.fields.List) else field
        if isinstance(inner, ma.fields.Nested):
            dots = "[]." if inner is not field else "."
            paths.extend(_paths(inner.schema, prefix + key + dots))
    return paths


if __name__ == "__main__":
    print(as_text(), end="")

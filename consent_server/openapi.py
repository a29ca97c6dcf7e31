"""OpenAPI 3.1 of the service, and a page to read it that needs no script and no CDN."""

import json
import pkgutil
from importlib import import_module
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template, send_from_directory
from markupsafe import Markup, escape

from consent_server import ledger
from consent_server.errors import ConsentError
from consent_server.web.api import Api
from consent_server.web.problems import MEANINGS, MEDIA_TYPE, REASONS

#: Version of the HTTP interface, not of the software.
VERSION = "1"

docs = Blueprint("docs", __name__, template_folder="templates")


def init_api(app: Flask, api: Api) -> Api:
    """Attach the API registry; routes are registered on it afterwards."""
    app.config.update(
        API_TITLE="Consent service",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {
                "description": "Record decisions, check consent, export the log.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "components": {
                "securitySchemes": {
                    "apiKey": {"type": "http", "scheme": "bearer"},
                    "operatorToken": {"type": "http", "scheme": "bearer"},
                },
            },
        },
    )
    api.init_app(app)
    app.extensions["consent_api"] = api
    return api


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the running application."""
    spec: dict[str, Any] = current_app.extensions["consent_api"].spec.to_dict()
    for response in spec["components"]["responses"].values():
        _name_problem_media_type(response)
    for path in spec["paths"].values():
        path.pop("options", None)  # a preflight is the browser's business
        operations = (part for name, part in path.items() if name != "parameters")
        for operation in operations:
            for status, response in operation.get("responses", {}).items():
                if status.isdigit() and int(status) >= 400 and "$ref" not in response:
                    problem = {"$ref": "#/components/schemas/Problem"}
                    response.setdefault("content", {"application/json": {"schema": problem}})
                _name_problem_media_type(response)
    _speak_json_schema(spec)
    return spec


def _speak_json_schema(part: Any) -> None:
    """Write in place what the framework takes over from Python as other languages read it.

    :source: JSON Schema 2020-12, core 6.4 (patterns are ECMA-262, which has no ``\\Z``: there ``$``
        is the very end) and validation 6.5 (an object has properties, no length)
    """
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            part["pattern"] = part["pattern"].replace(r"\Z", "$")
        if part.get("type") == "object":
            for name in [name for name in ("minLength", "maxLength") if name in part]:
                part[name.replace("Length", "Properties")] = part.pop(name)
    for inner in part.values() if isinstance(part, dict) else part if type(part) is list else ():
        _speak_json_schema(inner)


def _name_problem_media_type(response: dict[str, Any]) -> None:
    """Errors are problem details; the framework documents them as plain JSON."""
    content = response.get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if schema.get("$ref", "").endswith("/Problem"):
        content[MEDIA_TYPE] = content.pop("application/json")


def reasons() -> dict[str, tuple[int, str]]:
    """Return every stable reason of a problem: its status and what it means.

    Those that only a command gives are there where that command was loaded.
    """
    # What an entry or a proof is refused for, whether or not this process has met one.
    for module in pkgutil.iter_modules(ledger.__path__, f"{ledger.__name__}."):
        import_module(module.name)
    found = {reason: (status, MEANINGS[reason]) for status, reason in REASONS.items()}
    waiting: list[type[ConsentError]] = [ConsentError]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            found[kind.reason] = (kind.status, (kind.__doc__ or "").split("\n\n")[0])
    found["internal_error"] = (500, "A fault of ours. Nothing was granted.")
    return dict(sorted(found.items()))


@docs.app_template_filter("with_code")
def with_code(text: str) -> Markup:
    """Show what a docstring has between backticks as code; everything is escaped."""
    parts = (escape(part) for part in text.split("`"))
    marked = (f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))
    return Markup("").join(Markup(part) for part in marked)


@docs.get("/openapi.json")
def openapi_json() -> Response:
    """Serve the OpenAPI document."""
    return Response(orjson.dumps(document()), mimetype="application/json")


@docs.get("/docs")
def page() -> str:
    """Show the interface to people."""
    spec = document()
    return render_template(
        "docs.html", spec=spec, reasons=reasons(), schemas=spec["components"]["schemas"], json=json
    )


@docs.get("/docs/style.css")
def style() -> Response:
    """Serve the page's style, whole and whatever the client has of it."""
    folder = current_app.root_path + "/static"
    return send_from_directory(folder, "docs.css", conditional=False)

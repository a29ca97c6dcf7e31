"""The HTTP framework, tightened: flask-smorest with the strict reader and our problem details."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NoReturn

import flask_smorest
import marshmallow as ma
from flask import Request, Response
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import (
    HTTPException,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from werkzeug.http import parse_options_header

from consent_server.web import problems
from consent_server.web.context import this_g
from consent_server.web.strict_json import FORBIDDEN, JsonRefused, read_object


class StrictParser(FlaskParser):
    """Reads parameters so that there is one way to understand a request."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
        "headers": ma.EXCLUDE,
    }

    def parse(
        self,
        argmap: Any,
        req: Request | None = None,
        *,
        location: str | None = None,
        **options: Any,
    ) -> Any:
        """Read what a request gives in one place.

        A schema may have a function ``quick``: from what was given to what the schema would load,
        or None where the schema has to say what is wrong, or has more to do. It accepts nothing
        that the schema refuses (a property test holds it to that).
        """
        quick = getattr(argmap, "quick", None)
        if quick is not None:
            asked = req or self.get_default_request()
            given = self.load_json(asked, argmap) if location == "json" else _given(asked, location)
            found = quick(given)
            if found is not None:
                return found
        return super().parse(argmap, req, location=location, **options)

    def load_json(self, req: Request, schema: ma.Schema | type[ma.Schema]) -> Any:
        """Read the body as strict JSON.

        A schema with ``accepts_plain_text`` also takes ``text/plain``, which a browser sends
        across origins without asking first.

        :raises InvalidRequest: there is a query
        :raises UnsupportedMediaType: the body is of another type
        :raises RequestEntityTooLarge: it has more than the schema's ``max_bytes``
        :raises JsonRefused: it is not strict JSON, or was cut off
        """
        accepted = {"application/json"}
        if getattr(schema, "accepts_plain_text", False):
            accepted.add("text/plain")
        if req.query_string and req.args:
            # What is written comes from the body alone: there are no two places to look.
            name = FORBIDDEN.sub("", next(iter(req.args)))[:64]
            raise problems.InvalidRequest([{"path": name, "message": "Unknown parameter."}])
        if _mimetype(req.headers.get("Content-Type", "")) not in accepted:
            raise UnsupportedMediaType(f"Send {' or '.join(sorted(accepted))}.")
        largest = getattr(schema, "max_bytes", None)
        if largest is not None and (req.content_length or 0) > largest:
            raise RequestEntityTooLarge(f"The body may have at most {largest} bytes.")
        body = req.get_data()
        if len(body) != req.content_length:
            raise JsonRefused("cut off before the length that was announced")
        read = this_g().json_body = read_object(body)
        return read

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        """Read the query; a parameter given twice is refused."""
        for name, values in req.args.lists():
            if len(values) > 1:
                raise problems.ParameterRepeated(FORBIDDEN.sub("", name)[:64])
        return super().load_querystring(req, schema)

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_: Any
    ) -> NoReturn:
        """Turn marshmallow's nested messages into a flat list of paths."""
        raise problems.InvalidRequest(list(_flat(error.messages, "")))


@lru_cache(maxsize=64)
def _mimetype(content_type: str) -> str:
    return parse_options_header(content_type)[0].lower()


def _given(req: Request, location: str | None) -> Any:
    return req.headers if location == "headers" else req.args


def body_read() -> dict[str, Any]:
    """Return the JSON object of this request's body, as it was read; it is never changed."""
    body: dict[str, Any] = this_g().json_body
    return body


def _flat(messages: Any, path: str) -> Any:
    if isinstance(messages, dict):
        for key, nested in messages.items():
            # marshmallow names the location, and the halves of a dict field, as if they were keys
            hidden = key in ("json", "query", "headers", "_schema", "value", "key")
            step = "" if hidden else f"[{key}]" if isinstance(key, int) else f".{key}"
            yield from _flat(nested, (path + step).removeprefix("."))
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield {"path": path[:200] or "body", "message": str(message)[:500]}


class ProblemSchema(ma.Schema):
    """RFC 9457 problem details; further members are evidence and depend on the reason."""

    class Meta:
        """Evidence may be there."""

        unknown = ma.INCLUDE

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    reason = ma.fields.String(required=True)


#: What a file is in JSON Schema, where it is not text.
_FILES: dict[str, dict[str, str]] = {
    "application/json": {"type": "object"},
    "application/ld+json": {"type": "object"},
    "application/octet-stream": {},
}


def _only_described(decorate: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def describe(view: Any) -> Any:
        view._apidoc = decorate(view)._apidoc
        return view

    return describe


class Blueprint(flask_smorest.Blueprint):
    """A feature's routes."""

    ARGUMENTS_PARSER = StrictParser()

    @staticmethod
    def doc(**options: Any) -> Any:
        """Describe a view; it is called as it is, without a wrapper of its own."""
        return _only_described(flask_smorest.Blueprint.doc(**options))

    def gives(self, *media_types: str) -> Any:
        """Describe the good answer of a view that gives one of several kinds of files."""
        names = [media_type.partition(";")[0] for media_type in media_types]
        content = {name: {"schema": _FILES.get(name, {"type": "string"})} for name in names}
        return self.doc(responses={"200": {"description": "OK", "content": content}})

    def alt_response(self, *args: Any, **options: Any) -> Any:
        """Describe another answer of a view; it is called as it is."""
        return _only_described(super().alt_response(*args, **options))

    def arguments(self, schema: Any, **options: Any) -> Any:
        """Take a schema, made once; of a class the parser would make one at each request."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)


class Api(flask_smorest.Api):
    """The registry of routes and their OpenAPI description."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Answer with problem details instead of the framework's own form."""
        return problems.from_http_error(error)

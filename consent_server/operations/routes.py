"""Liveness and readiness."""

import marshmallow as ma
import sqlalchemy as sa
from flask import current_app
from flask.views import MethodView
from sqlalchemy.exc import SQLAlchemyError

from consent_server import schema
from consent_server.db import db
from consent_server.errors import ConsentError
from consent_server.web.api import Blueprint

operations = Blueprint("operations", __name__, description="Monitoring")
NO_KEY: list[dict[str, list[str]]] = []


class NotReady(ConsentError):
    """The service runs but cannot record decisions now."""

    status = 503
    reason = "not_ready"


class StatusSchema(ma.Schema):
    """A good answer; anything else is a problem."""

    status = ma.fields.String(required=True, validate=ma.validate.Equal("ok"))


@operations.route("/healthz")
class Health(MethodView):
    """Liveness."""

    @operations.response(200, StatusSchema)
    @operations.doc(security=NO_KEY)
    def get(self) -> dict[str, str]:
        """Say that the process answers; touches nothing else"""
        return {"status": "ok"}


@operations.route("/readyz")
class Readiness(MethodView):
    """Readiness."""

    @operations.response(200, StatusSchema)
    @operations.alt_response(503, description="not_ready")
    @operations.doc(security=NO_KEY)
    def get(self) -> dict[str, str]:
        """Say whether decisions can be recorded: database, schema, key ring"""
        ring = current_app.extensions["consent_keys"]
        ring.refresh()
        if ring.problem is not None:
            raise NotReady("the key ring cannot be read")
        try:
            db.session.execute(sa.select(1))
            db.session.rollback()  # one connection at a time: the pool has no more than the threads
            is_current = schema.current() == schema.head()
        except SQLAlchemyError:
            raise NotReady("the database does not answer") from None
        if not is_current:
            raise NotReady("the database has another schema")
        return {"status": "ok"}

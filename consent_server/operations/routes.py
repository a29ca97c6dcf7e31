"""Liveness, readiness, metrics."""

import marshmallow as ma
import sqlalchemy as sa
from flask import Response, current_app
from flask.views import MethodView
from sqlalchemy.exc import SQLAlchemyError

from consent_server import rowscope, schema
from consent_server.db import db
from consent_server.errors import ConsentError
from consent_server.metrics.catalogue import ages_of_work
from consent_server.metrics.counts import COUNTS
from consent_server.metrics.exposition import MEDIA_TYPE, exposition
from consent_server.operations.access import require_operator
from consent_server.operations.measuring import measure, measure_process
from consent_server.operations.writing import why_not_writable
from consent_server.sealing.alarms import is_any_raised
from consent_server.web.api import Blueprint
from consent_server.web.clock import now

operations = Blueprint("operations", __name__, description="Monitoring")
NO_KEY: list[dict[str, list[str]]] = []


class NotReady(ConsentError):
    """The service runs but cannot record decisions now."""

    status = 503
    reason = "not_ready"


class StatusSchema(ma.Schema):
    """A good answer; anything else is a problem."""

    status = ma.fields.String(required=True, validate=ma.validate.Equal("ok"))


class ReadinessSchema(StatusSchema):
    """A good answer, which may hold an alarm that does not keep decisions from being recorded."""

    log = ma.fields.String(
        validate=ma.validate.Equal("alarm"),
        metadata={"description": "There when the log of a site cannot be signed."},
    )


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

    @operations.response(200, ReadinessSchema)
    @operations.alt_response(503, description="not_ready")
    @operations.doc(security=NO_KEY)
    def get(self) -> dict[str, str]:
        """Say whether decisions can be recorded: database, schema, key ring, room to write

        A log that cannot be signed is told of, and refuses no decision: the queue keeps what comes.
        """
        ring = current_app.extensions["consent_keys"]
        ring.refresh()
        if ring.problem is not None:
            raise NotReady("the key ring cannot be read")
        try:
            db.session.execute(sa.select(1))
            db.session.rollback()  # one connection at a time: the pool has no more than the threads
            if not schema.runs_on(schema.current()):
                raise NotReady("the database has another schema")
            why_not = why_not_writable(current_app.extensions["consent_settings"])
            if why_not is not None:
                raise NotReady(f"the database cannot be written: {why_not}")
            with rowscope.every_site():
                is_signed = not is_any_raised()
        except SQLAlchemyError:
            raise NotReady("the database does not answer") from None
        return {"status": "ok"} if is_signed else {"status": "ok", "log": "alarm"}


@operations.route("/metrics")
class Metrics(MethodView):
    """Metrics."""

    @operations.response(200, {"type": "string"}, content_type="text/plain")
    @operations.alt_response(401, description="metrics_denied")
    @operations.doc(security=[{"operatorToken": []}, {}])
    def get(self) -> Response:
        """Get the metrics of all processes on this machine, as Prometheus reads them

        For the bearer token of the setting CONSENT_METRICS_TOKEN; without that setting, to this
        machine alone and only where the service has no public address.
        """
        require_operator()
        measure_process()
        settings = current_app.extensions["consent_settings"]
        with rowscope.every_site():
            values = measure(settings, current_app.extensions["consent_notary"].policy, now())
        counted = COUNTS.totals()
        values |= ages_of_work(counted)
        return Response(exposition({**counted, **values}), content_type=MEDIA_TYPE)

"""Liveness and readiness."""

import sqlalchemy as sa
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from consent_server import schema
from consent_server.db import db
from consent_server.web.problems import problem

operations = Blueprint("operations", __name__)


@operations.get("/healthz")
def healthz() -> Response:
    """Say that the process answers; touches nothing else."""
    return jsonify({"status": "ok"})


@operations.get("/readyz")
def readyz() -> Response:
    """Say whether decisions can be recorded: database reachable, schema current, keys readable."""
    if current_app.extensions["consent_keys"].problem is not None:
        return problem(503, "not_ready", "the key ring cannot be read")
    try:
        db.session.execute(sa.select(1))
        is_current = schema.current() == schema.head()
    except SQLAlchemyError:
        return problem(503, "not_ready", "the database does not answer")
    if not is_current:
        return problem(503, "not_ready", "the database has another schema")
    return jsonify({"status": "ok"})

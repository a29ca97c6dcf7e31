"""The service for any WSGI server: ``gunicorn wsgi:app`` (docs/deployment.md)."""

import os

from consent_server.config import load_settings
from consent_server.hosted import build, work_where_requests_are_answered

app = build(load_settings(os.environ))
work_where_requests_are_answered(app)

"""The service for any WSGI server: ``gunicorn wsgi:app``."""

import os

from consent_server.background import start_work
from consent_server.config import load_settings
from consent_server.serving import build

app = build(load_settings(os.environ))
start_work(app)

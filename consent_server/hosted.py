"""The service in a server that somebody else configures: any that speaks WSGI."""

import atexit
import gc
import os
import threading

import click
from flask import Flask
from flask.cli import FlaskGroup

from consent_server import occupied
from consent_server.allocator import share_one_arena
from consent_server.application import create_app
from consent_server.background import end_work, start_work
from consent_server.db import db
from consent_server.metrics.sharedfile import read_all
from consent_server.schema import answers, ensure_schema
from consent_server.settings import Settings
from consent_server.web import logs

#: Seconds after its fork in which a process that was forked may fork again.
PAUSE = 1.0
#: Seconds after which a process that has forked no other is taken for one that answers. gunicorn
#: tries for five to have its address before it forks.
FIRST_PAUSE = 10.0


def build(settings: Settings) -> Flask:
    """Return the application, ready to be forked: nothing is open, and no thread runs.

    :raises AlreadyServing: ``serve``, or a restore, has the SQLite file
    """
    os.umask(0o077)  # the database and the key ring are for the service's own user
    share_one_arena()
    logs.configure(settings.log_level)
    app = create_app(settings)
    if not _is_for_a_command():
        occupied.together(settings)
    # Where others answer, one that cannot be built would end them: gunicorn gives up on all.
    if not _do_others_answer(settings) or answers(app):
        ensure_schema(app)
    with app.app_context():
        # Two processes must not use one connection; and a copy of an open file of SQLite's would
        # make a process believe that it holds the locks of another one.
        db.session.remove()
        db.engine.dispose()
    gc.collect()
    gc.freeze()  # what was built lives as long as the process: it is not looked through again
    return app


def work_where_requests_are_answered(app: Flask) -> None:
    """Start the work beside the requests, in this process or in those that it forks.

    A server may import the application once and fork afterwards (``gunicorn --preload``). Threads
    do not survive that, and whoever only forks must have no connection open meanwhile. So a
    process begins when it was forked, or when it has forked none for a while.
    """
    if not _is_for_a_command():
        _Beginning(app)


class _Beginning:
    def __init__(self, app: Flask):
        self._app = app
        self._begin(FIRST_PAUSE)
        os.register_at_fork(after_in_parent=self._leave_it_to_others, after_in_child=self._begin)

    def _begin(self, pause: float = PAUSE) -> None:
        self._timer = threading.Timer(pause, _work, (self._app,))
        self._timer.daemon = True
        self._timer.start()

    def _leave_it_to_others(self) -> None:
        self._timer.cancel()


def _work(app: Flask) -> None:
    start_work(app)
    atexit.register(end_work)


def _do_others_answer(settings: Settings) -> bool:
    return any(is_owned for _, is_owned in read_all(settings.metrics_path))


def _is_for_a_command() -> bool:
    """Whether it is Flask's own command line that looks at the application, and will not serve.

    Servers have command lines of the same make.
    """
    context = click.get_current_context(silent=True)
    if context is None or not isinstance(context.find_root().command, FlaskGroup):
        return False
    return context.info_name != "run"

"""The work that runs beside the requests: time, the logs, and what this process knows of itself."""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from consent_server import rowscope
from consent_server.db import answers_still, db, is_out_of_room
from consent_server.erasing.erasedlist import ErasedListUnusable
from consent_server.erasing.replay import replay
from consent_server.errors import told_of_database
from consent_server.ledger.policy import Witness
from consent_server.metrics.catalogue import WORK_FAILED, good_round
from consent_server.metrics.counts import COUNTS
from consent_server.operations.measuring import measure_process
from consent_server.parts import do_all
from consent_server.reserve import Reserve
from consent_server.retention.housekeeping import House
from consent_server.retention.service import require_clock
from consent_server.sealing.errors import SealRefused
from consent_server.sealing.notary import Notary
from consent_server.sealing.service import seal, waiting_sites
from consent_server.settings import Settings
from consent_server.web.clock import now
from consent_server.witnessing.rounds import Rounds

log = structlog.get_logger(__name__)
#: Seconds between two looks for consents whose time is over.
HOUSEKEEPING_EVERY = 60.0
#: Seconds between two looks at the state of this process.
MEASURE_EVERY = 5.0
#: Seconds for which a process that ends waits for the log that it seals.
END_PATIENCE = 5.0
#: What a disk says that takes no file, of whichever log.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}

#: Held by whoever seals, and at the end of a process for good.
_sealing = threading.Lock()
#: Whether the process ends.
_ending = threading.Event()


def _begin_again() -> None:
    """Let a process that was forked seal: whoever held the lock is in the other one."""
    global _sealing, _ending
    _sealing, _ending = threading.Lock(), threading.Event()


os.register_at_fork(after_in_child=_begin_again)


def start_work(app: Flask) -> list[threading.Thread]:
    """Settle what is over, seal the logs and measure, until the process ends."""
    COUNTS.share(app.extensions["consent_settings"].metrics_path)
    threads = [
        threading.Thread(target=work, args=(app,), name=name, daemon=True)
        for name, work in WORK.items()
    ]
    threads += _start_witnessing(app)
    for thread in threads:
        # Its age counts from here: work that never has a good round is seen too.
        good_round(thread.name.partition(" ")[0], thread.name)
        thread.start()
    return threads


def end_work() -> None:
    """Let the log that is being sealed be done, and no other begin.

    Whoever ends in between keeps its lease, and nobody can seal for half a minute.
    """
    _ending.set()
    _sealing.acquire(timeout=END_PATIENCE)


@contextmanager
def _round(app: Flask, work: str, **told: str) -> Iterator[None]:
    """Do one round; whatever goes wrong is counted and told, and the next one tries again.

    Whatever it is: a thread that ended would be missed by nobody until the logs are late.

    :param work: the name of the thread, to its first blank
    """
    try:
        # What the round left open is rolled back at its end, on whatever connection is left.
        with app.app_context(), rowscope.every_site():
            yield
    except Exception as error:  # noqa: BLE001
        WORK_FAILED.add(work)
        # No trace, and no words of a statement: they may quote what was recorded.
        log.warning(f"{work}_failed", **told_of_database(error), **told)
    else:
        good_round(work, threading.current_thread().name)


def _keep_house(app: Flask) -> None:
    waiting, house = threading.Event(), House(app.extensions["consent_erased"])
    while not waiting.wait(HOUSEKEEPING_EVERY):
        with _round(app, "housekeeping"):
            if _is_room_for_noes_alone(app):
                continue  # what ends meanwhile is found later
            started = now()
            require_clock(started)
            house.keep(started)


def _keep_sealing(app: Flask) -> None:
    settings: Settings = app.extensions["consent_settings"]
    waiting = threading.Event()
    seconds = 0.0  # at once: what a restored database has again must not be there for long
    while not waiting.wait(seconds):
        # Twice in the time that is promised: what comes just after a round is in time with the next
        seconds = settings.merge_delay / 2
        with _sealing, _round(app, "sealing"):
            if _is_room_for_noes_alone(app):
                continue
            # The next round goes on where this one stopped, whatever had been done.
            do_all([partial(_replay, app), partial(_seal_all, app)])


def _replay(app: Flask) -> None:
    try:
        count = replay(app.extensions["consent_erased"], now())
    except (ErasedListUnusable, OSError) as refusal:
        # The logs go on; nothing is erased until it is put right.
        log.error("erasures_not_replayed", detail=str(refusal))
        return
    if count:
        log.warning("erasures_replayed", count=count)


def _seal_all(app: Flask) -> None:
    """Seal each log; what is wrong with one of them keeps no other waiting."""
    problem: Exception | None = None
    for site_id in waiting_sites():
        if _ending.is_set():
            break
        try:
            with suppress(SealRefused):  # an alarm was raised; the other logs go on
                seal(site_id, app.extensions["consent_notary"], now())
        except Exception as error:  # noqa: BLE001 (told when the others are done)
            problem = problem or error
            db.session.rollback()
            if _is_of_all(error):
                break
    if problem is not None:
        raise problem


def _is_of_all(error: Exception) -> bool:
    """Whether no other log can be sealed either: there is no room, or no database."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    if isinstance(error, OperationalError) and is_out_of_room(error):
        return True
    return isinstance(error, SQLAlchemyError) and not answers_still()


def _start_witnessing(app: Flask) -> list[threading.Thread]:
    """Return a thread for each witness: one that is slow keeps no other waiting."""
    notary: Notary = app.extensions["consent_notary"]
    return [
        threading.Thread(
            target=_keep_witnessed,
            args=(app, witness),
            name=f"witnessing {witness.name}",
            daemon=True,
        )
        for witness in notary.policy.asked
    ]


def _keep_witnessed(app: Flask, witness: Witness) -> None:
    settings: Settings = app.extensions["consent_settings"]
    rounds = Rounds(witness, app.extensions["consent_notary"], settings.merge_delay)
    waiting = threading.Event()
    while not waiting.wait(settings.merge_delay / 2):
        with _round(app, "witnessing", witness=witness.name):
            rounds.go(now())


def _is_room_for_noes_alone(app: Flask) -> bool:
    """Whether the disk is full, and what is left of it kept for refusals and withdrawals."""
    return bool(app.extensions["consent_reserve"].is_out)


def _keep_measuring(app: Flask) -> None:
    waiting = threading.Event()
    while True:
        with _round(app, "measuring"):
            measure_process()
            _lay_reserve(app)
        waiting.wait(MEASURE_EVERY)


def _lay_reserve(app: Flask) -> None:
    """Lay the reserve at the start, and again when there is room after it was needed."""
    reserve: Reserve = app.extensions["consent_reserve"]
    was_out = reserve.is_out
    with suppress(OSError):  # there is none, then
        if reserve.lay() and was_out:
            log.info("storage_has_room")


#: What runs beside the requests, by the name of its thread.
WORK = {
    "housekeeping": _keep_house,
    "sealing": _keep_sealing,
    "measuring": _keep_measuring,
}

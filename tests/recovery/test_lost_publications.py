"""Consent that was given to a publication that is lost covers no other."""

import json

import pytest

from consent_server.backup.errors import NotRecoverable
from tests.builders import acceptance


def since(publication):
    """When each part of a publication last changed, as its visitors are told."""
    bundle = json.loads(publication.bundle)
    parts = bundle["categories"] + bundle["services"] + [bundle["policy"]]
    return {part["since"] for part in parts}


@pytest.fixture
def lost(publish, decide, seal, backup, clock):
    """Lose the second publication, which was shown."""
    decide(acceptance())
    seal()
    backup.take()
    clock.advance(hours=1)
    assert publish(name="The shop of Paris").revision == 2
    seal()
    backup.restore()


def test_its_number_is_lent_to_no_other(lost, publish, go_on, audit, seal):
    """Else whoever agreed to the lost one would count as having agreed to the next."""
    assert go_on().lost_in_clear == 1
    published = publish(name="The shop of Paris")

    assert (published.revision, since(published)) == (3, {3})
    seal()
    assert audit() == []


def test_what_is_published_before_the_log_goes_on_takes_no_number_of_it(
    lost, publish, go_on, audit, seal
):
    waiting = publish(name="Another shop")

    assert (waiting.revision, since(waiting)) == (3, {3})
    go_on()
    assert audit() == []
    later = publish(name="A third shop")
    assert (later.revision, since(later)) == (4, {3})


def test_what_was_published_without_knowing_of_it_never_comes_into_force(
    lost, publish, go_on, audit, journal, client
):
    """As on a machine that has an older copy of log/."""
    kept = journal.read_bytes()
    journal.write_bytes(b"")
    assert publish(name="Another shop").revision == 2
    journal.write_bytes(kept)

    with pytest.raises(NotRecoverable, match="publish"):
        go_on()
    published = publish(name="Another shop")
    assert (published.revision, since(published)) == (3, {3})
    go_on()

    assert audit() == []


def test_the_document_that_is_in_force_can_be_published_again(lost, publish, go_on, audit, site):
    """Else nothing could ask those again who agreed to the lost one."""
    assert go_on().counting == 2

    again = publish()

    assert (again.revision, since(again)) == (3, {3})
    assert audit() == []


def test_a_site_that_the_copy_does_not_have_is_published_again(backup, publish, seal, go_on, audit):
    backup.take()
    publish()
    seal()
    backup.restore()

    waiting = publish()
    go_on()

    assert (waiting.revision, since(waiting)) == (2, {2})
    assert audit() == []

"""Secret bytes are in the key file and in memory, and show nowhere else."""

import base64
import pickle

import pytest

from consent_server.ledger.canonical import base64url_encode
from consent_server.tokens import KeyRing, KeyRingUnusable
from consent_server.tokens.keys import Secret
from tests.tokens.samples import NOW


def secrets_of(ring):
    """Every spelling under which a secret could leak."""
    values = [key.seed.reveal() for key in ring.token_keys() if key.seed]
    values.append(ring._keys.subject.reveal())
    for value in values:
        yield from (repr(value)[2:-1], value.hex(), base64url_encode(value))
        yield base64.b64encode(value).decode()


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_secret_has_256_bits(length):
    with pytest.raises(ValueError, match="32 bytes"):
        Secret(bytes(length))


def everything_about(error):
    """What an error reporter could show: causes, attributes, and the locals of our own frames."""
    while error is not None:
        yield f"{error!r} {error} {vars(error)}"
        trace = error.__traceback__.tb_next  # the first frame is the test
        while trace:
            yield repr(trace.tb_frame.f_locals)
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


def test_no_secret_shows_in_a_representation_or_a_pickle(ring):
    shown = f"{ring!r} {ring} {ring._keys!r} {ring.token_keys()!r} {vars(ring)} {ring.active}"

    assert not [secret for secret in secrets_of(ring) if secret in shown]
    with pytest.raises(TypeError, match="not serialised"):
        pickle.dumps(ring.active.seed)


@pytest.mark.parametrize("damage", ["cut", "member", "open"])
def test_no_secret_shows_in_what_is_raised_or_logged(ring, tmp_path, stopwatch, caplog, damage):
    path = tmp_path / "data/keys/ring.json"
    text = path.read_text() + " "
    path.write_text({"cut": text[:-5], "member": text.replace("next", "?")}.get(damage, text))
    path.chmod(0o640 if damage == "open" else 0o600)

    stopwatch.seconds = 1
    assert len(ring.token_keys()) == 2
    with pytest.raises(KeyRingUnusable) as refusal:
        KeyRing.open(tmp_path / "data", NOW)

    shown = " ".join([caplog.text, ring.problem, *everything_about(refusal.value)])
    assert "key ring not followed" in shown
    assert not [secret for secret in secrets_of(ring) if secret in shown]

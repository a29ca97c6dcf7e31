"""F-28: no text that is not a good token is believed, and what is nearly a verifier would be."""

import random
import time
from itertools import islice

import pytest

from consent_server.tokens import TokenRefused, verify
from consent_server.web.strict_json import FORBIDDEN
from tests.application import NOW as SERVED
from tests.fault.trials import SMALL_SHARE, Trials
from tests.fuzz.careless import CARELESS, is_fooled
from tests.fuzz.filled import filled
from tests.fuzz.tokens import Forger, Hands
from tests.tokens.samples import NOW, SITE


@pytest.fixture
def hands(tmp_path):
    return Hands.fill(tmp_path)


def is_believed(token, ring):
    """What the service's verifier says; any other failure than a refusal is one of the test."""
    try:
        verify(token, ring, SITE, NOW)
    except TokenRefused:
        return False
    return True


def test_no_mutation_is_believed(hands):
    trials = Trials("F-28 verifier", "mutated tokens", 1_000_000, 5_000, SMALL_SHARE)
    texts = Forger(hands, trials.random).texts()
    assert all(is_believed(token, hands.ring) for token in hands.good)
    seconds = 0.0
    for number in trials:
        family, text = next(texts)
        trials.counts[family] += 1
        began = time.perf_counter()
        try:
            if is_believed(text, hands.ring):
                trials.fail(number, f"{family} believed: {text!r}")
        except Exception as failure:  # noqa: BLE001 - whatever it is, it is told with its text
            trials.fail(number, f"{family}: {failure!r} at {text!r}")
        seconds += time.perf_counter() - began
    trials.counts["a second"] = round(trials.done / seconds)
    trials.close(input="tokens")

    assert trials.failures == []
    assert all(is_believed(token, hands.ring) for token in hands.good)


@pytest.fixture
def service(sqlite_url, tmp_path, clock):
    """The service with a record and its token."""
    with filled(sqlite_url, tmp_path / "var", SERVED) as made:
        yield made


class Asking:
    """Asks the check API about texts, in both ways."""

    def __init__(self, service):
        self._client = service.app.test_client()
        self._key = service.keys["check"]

    def one(self, text):
        """Return whether it may be acted upon; what is refused may not."""
        asked = {"site": "demo", "category": "analytics", "token": text}
        try:
            answer = self._client.get("/v1/check", query_string=asked, headers=self._key)
        except UnicodeEncodeError:  # a lone surrogate is in no address
            return False
        assert answer.status_code in (200, 422), answer.text
        return answer.status_code == 200 and answer.json["granted"]

    def many(self, texts):
        """Return which of them may be acted upon; one that is no text spoils the whole body."""
        checks = [{"category": "analytics", "token": text} for text in texts]
        body = {"site": "demo", "checks": checks}
        answer = self._client.post("/v1/check", json=body, headers=self._key)
        if any(FORBIDDEN.search(text) for text in texts):
            assert answer.status_code == 400, answer.text
            return []
        assert answer.status_code == 200, answer.text
        results = zip(texts, answer.json["results"], strict=True)
        return [text for text, result in results if result["granted"]]


def test_the_check_api_takes_no_mutation_for_a_token(service):
    ring, asking = service.app.extensions["consent_keys"], Asking(service)
    hands = Hands(ring, (service.token,), (service.foreign,), ("A" * 16, "", "../ring"))
    trials = Trials("F-28 check API", "mutated tokens", 20_000, 100, SMALL_SHARE)
    texts = Forger(hands, trials.random).texts()
    for number in trials:
        some = [text for _, text in islice(texts, 5)]
        believed = [text for text in some if asking.one(text)] + asking.many(some)
        trials.counts["texts"] += len(some)
        if believed:
            trials.fail(number, believed)
    trials.close(input="tokens")

    assert trials.failures == []
    assert asking.one(service.token)
    assert asking.many([service.token]) == [service.token]


@pytest.mark.parametrize("verifier", CARELESS)
def test_these_mutations_would_fool_a_careless_verifier(hands, verifier):
    texts = islice(Forger(hands, random.Random(1)).texts(), 5000)

    assert any(is_fooled(verifier, text, hands.ring) for _, text in texts)

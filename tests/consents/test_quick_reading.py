"""What reads well-formed requests quickly says nothing that the schema would not say."""

import marshmallow as ma
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import EnvironHeaders, MultiDict

from consent_server.consents import schemas
from tests.builders import a_decision, acceptance, refusal

SAMPLES = "a analytics Analytics + fr fr-CA fr_CA x ä accept_all save banner gpc import demo no"
LONG = ["", "a" * 40, "a" * 41, "a\n", "A" * 43 + "\n", "+" * 43, "٣" * 22]
LONG += ["A" * length for length in (22, 23, 43, 64, 65)]
WORDS = st.one_of(st.sampled_from([*SAMPLES.split(), *LONG]), st.text(max_size=6))
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.sampled_from([0, 1, -1, 2**53 - 1, 2**53, 1.0, True, "true", "1", [], {}]),
        WORDS,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=4,
)
CHOICES = st.dictionaries(WORDS, st.one_of(st.booleans(), st.booleans(), VALUES), max_size=4)
NAMES = [*a_decision(), "idempotency_key", "other"]
CHANGES = st.dictionaries(
    st.sampled_from(NAMES), st.one_of(VALUES, CHOICES, st.just(...)), max_size=3
)


def loaded(schema, data, **options):
    """What the schema says: its value, or None where it refuses."""
    try:
        return schema.load(data, **options)
    except ma.ValidationError:
        return None


@given(base=st.sampled_from([a_decision(), refusal()]), changes=CHANGES)
@example(a_decision(), {"categories": {f"c{i}": True for i in range(33)}})
@example(a_decision(), {"services": {f"s{i}": True for i in range(501)}})
@example(a_decision(), {"n": ...})
@example(a_decision(), {"consent_id": None, "n": None})
@settings(max_examples=1500)
def test_a_decision_that_is_read_quickly_is_the_one_that_the_schema_loads(base, changes):
    body = {name: value for name, value in {**base, **changes}.items() if value is not ...}

    quick = schemas.quick_decision(body)

    assert quick is None or quick == loaded(schemas.DecisionSchema(), body)


@given(
    st.lists(
        st.tuples(st.sampled_from(["site", "token", "category", "at", "other"]), WORDS), max_size=4
    )
)
@example([("site", "demo"), ("token", "a.b.c"), ("category", "analytics")])
@settings(max_examples=1000)
def test_a_question_that_is_read_quickly_is_the_one_that_the_schema_loads(pairs):
    asked = MultiDict(pairs)

    quick = schemas.quick_query(asked)

    if quick is not None:
        assert len(asked.to_dict()) == len(pairs), "a parameter given twice is the parser's"
        assert quick == loaded(schemas.CheckQuerySchema(), asked.to_dict(), unknown=ma.RAISE)


@given(st.one_of(st.none(), WORDS))
def test_a_key_that_is_read_quickly_is_the_one_that_the_schema_loads(key):
    given = {} if key is None else {"Idempotency-Key": key}
    headers = EnvironHeaders({} if key is None else {"HTTP_IDEMPOTENCY_KEY": key})

    quick = schemas.quick_key(headers)

    assert quick is None or quick == loaded(schemas.RecordHeadersSchema(), given)


@pytest.mark.parametrize("body", [a_decision(), refusal()])
def test_what_the_widget_sends_is_read_quickly(body):
    assert schemas.quick_decision(body) is not None
    assert schemas.quick_query(MultiDict({"site": "demo", "token": "a.b.c"})) is not None


def test_answers_that_are_not_dumped_have_the_form_of_their_schema(decide, client, api_key):
    recorded = decide(acceptance())
    query = {"site": "demo", "category": "analytics", "token": recorded.json["token"]}
    checked = client.get("/v1/check", query_string=query, headers=api_key("check"))

    for answer, schema in [
        (recorded, schemas.RecordedSchema()),
        (checked, schemas.CheckAnswerSchema()),
    ]:
        assert list(schema.dump(answer.json).items()) == list(answer.json.items())
        assert schema.validate(answer.json) == {}

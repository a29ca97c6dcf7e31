"""``site``: what an operator reads when publishing."""

import pytest

from tests.builders import CHANGED_TEXT, acceptance, bundle_hash
from tests.sites.documents import a_service


def test_a_site_is_published_listed_shown_and_archived(run, run_json, document):
    published = run("site", "publish", document())
    listed = run_json("site", "list")
    shown = run("site", "show", "demo")
    archived = run("site", "archive", "demo")

    assert published.exit_code == 0
    assert f"demo: published revision 1, {bundle_hash()}" in published.stdout
    assert listed == [
        {
            "site": "demo",
            "name": "Demo shop",
            "revision": 1,
            "hash": bundle_hash(),
            "published_at": "2026-11-22T20:00:00.000Z",
            "archived_at": None,
        }
    ]
    assert "name: Demo shop" in shown.stdout
    assert archived.stdout == "demo: archived\n"
    assert "site publish" in archived.stderr
    assert run_json("site", "list")[0]["archived_at"] == "2026-11-22T20:00:00.000Z"


def test_what_is_shown_can_be_published_again(run, run_json, document, tmp_path):
    run("site", "publish", document())
    again = tmp_path / "again.yaml"
    again.write_text(run("site", "show", "demo").stdout, encoding="utf-8")

    result = run("site", "publish", again)

    assert (result.exit_code, result.stdout) == (
        0,
        "demo: nothing to publish, revision 1 stays\n",
    )


def test_a_plan_says_who_would_be_asked_again_and_changes_nothing(run, run_json, document, decide):
    decide(acceptance())
    changed = document(texts=CHANGED_TEXT)

    planned = run("site", "plan", changed)
    as_json = run_json("site", "plan", changed)

    assert planned.exit_code == 0
    assert "1 live consent would be asked again." in planned.stdout
    assert as_json["live_consents_asked_again"] == 1
    assert run_json("site", "list")[0]["revision"] == 1


def test_what_a_plan_warns_of_a_script_is_told_when_it_publishes(run, run_json, document):
    changed = document(services=[a_service(hosts=[])])

    planned = run_json("site", "plan", changed)
    published = run_json("site", "publish", changed)

    assert [warning["path"] for warning in planned["warnings"]] == ["services[0].hosts"]
    assert published["warnings"] == planned["warnings"]


def test_an_immaterial_change_needs_its_reason(run, document):
    run("site", "publish", document())
    changed = document(texts=CHANGED_TEXT)

    without = run("site", "publish", changed, "--immaterial")
    reasoned = run("site", "publish", changed, "--immaterial", "--reason", "A comma.")

    assert without.exit_code == 1
    assert without.stderr.startswith("reason_missing: ")
    assert reasoned.exit_code == 0
    assert "0 live consents will be asked again." in reasoned.stdout


def test_a_plan_needs_the_reason_that_publishing_needs(run, document):
    run("site", "publish", document())
    changed = document(texts=CHANGED_TEXT)

    without = run("site", "plan", changed, "--immaterial")
    reasoned = run("site", "plan", changed, "--immaterial", "--reason", "A comma.")

    assert (without.exit_code, without.stdout) == (1, "")
    assert without.stderr.startswith("reason_missing: ")
    assert "0 live consents would be asked again." in reasoned.stdout


@pytest.mark.parametrize("command", ["plan", "publish"])
def test_a_reason_alone_does_not_ask_everybody_again(run, run_json, document, command):
    run("site", "publish", document())

    result = run("site", command, "--reason", "A comma.", document(texts=CHANGED_TEXT))

    assert result.exit_code == 2
    assert "add --immaterial" in result.stderr
    assert run_json("site", "list")[0]["revision"] == 1


def test_an_invalid_document_is_refused_with_every_path_and_reason(run, document):
    result = run(
        "site", "publish", document(reprompt_after="P13M", storage_region="Atlantis", colour="red")
    )

    assert result.exit_code == 1
    assert result.stderr.startswith("document_invalid: ")
    for path in ("reprompt_after", "storage_region", "colour"):
        assert path in result.stderr
    assert "Traceback" not in result.output


def test_text_that_is_no_document_is_refused(run, tmp_path):
    path = tmp_path / "broken.yaml"
    for text in ("", "[", "- a\n- b", "site: {", "\x00", "!!python/object:os.system {}"):
        path.write_text(text)
        result = run("site", "publish", path)
        assert result.exit_code == 1, text
        assert result.stderr.startswith("document_invalid: "), result.stderr
        assert "Traceback" not in result.output


def test_a_site_that_does_not_exist_is_refused(run):
    for words in (["site", "show", "nowhere"], ["site", "archive", "nowhere"]):
        result = run(*words)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("site_unknown: ")


def test_without_any_site_the_list_says_what_to_do(run, run_json):
    assert "site publish" in run("site", "list").stdout
    assert run_json("site", "list") == []


def test_an_archived_site_comes_back_when_it_is_published_again(run, run_json, document, client):
    run("site", "publish", document())
    run("site", "archive", "demo")

    result = run("site", "publish", document())

    assert "published revision 1" in result.stdout
    assert run_json("site", "list")[0]["archived_at"] is None
    assert client.get("/s/demo.js").status_code == 200


def test_a_document_that_is_not_text_is_refused(run, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_bytes(b"site: \xff\xfe")

    result = run("site", "plan", file)

    assert (result.exit_code, "document_invalid" in result.stderr) == (1, True)


def test_a_plan_takes_the_arguments_of_its_publication(run, document):
    result = run("site", "plan", document(), "--immaterial", "--reason", "typo")

    assert result.exit_code == 0

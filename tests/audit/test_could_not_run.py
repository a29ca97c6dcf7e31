"""An audit without a result ends with 2 and says what to do, and the service needs none of it."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from consent_server.cli import main
from tests.browser.web import refusing_origin

WITHOUT_PLAYWRIGHT = """
import sys
sys.modules["playwright"] = None
from consent_server.cli import main
main(sys.argv[1:])
"""


def run_without_playwright(*words):
    command = [sys.executable, "-c", WITHOUT_PLAYWRIGHT, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_without_playwright_it_says_what_to_install():
    done = run_without_playwright("audit", "https://shop.example/")

    assert (done.returncode, done.stdout) == (2, "")
    assert "playwright>=1.64,<1.65" in done.stderr and "Traceback" not in done.stderr


def test_without_playwright_every_other_command_is_there():
    assert run_without_playwright("--help").returncode == 0


def test_nothing_that_serves_loads_a_browser():
    code = "import sys, wsgi, consent_server.cli; sys.exit('playwright' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_without_a_browser_it_says_how_to_get_one(run_audit):
    audit = run_audit("https://shop.example/", environ={"CHROMIUM": "/nowhere/chromium"})

    assert (audit.code, audit.said) == (2, "")
    assert "apt-get install chromium" in audit.progress


def test_a_browser_that_does_not_start_is_named(run_audit):
    audit = run_audit("https://shop.example/", environ={"CHROMIUM": "/bin/false"})

    assert (audit.code, audit.said) == (2, "")
    assert "the browser /bin/false does not start" in audit.progress


def test_a_page_that_does_not_answer_is_named(run_audit):
    address = f"{refusing_origin()}/"

    audit = run_audit(address)

    assert (audit.code, audit.said) == (2, "")
    assert f"\nError: {address} could not be opened" in audit.progress


def test_a_widget_that_leads_to_no_service_has_to_be_named(site, run_audit):
    """Without anything to compare with, nothing would ever be found."""
    widget = "<script>window.ConsentServer = {ready: () => Promise.resolve()}</script>"

    audit = run_audit(site.page(head=widget), "--wait", "0")

    assert (audit.code, audit.said) == (2, "")
    assert "Name the site by --site or --document" in audit.progress


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["shop.example"],
        ["ftp://shop.example/"],
        ["https://shop.example/", "--site", "demo", "--document", "README.md"],
        ["https://shop.example/", "--wait", "-1"],
        ["https://shop.example/", "--document", "README.md"],
    ],
)
def test_wrong_words_end_with_2(words):
    done = CliRunner().invoke(main, ["audit", *words])

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr


def test_help_says_that_it_connects_and_that_choices_are_recorded():
    said = " ".join(CliRunner().invoke(main, ["audit", "--help"]).stdout.split())

    assert "the only command that connects to other sites" in said
    assert "end up in the log of the audited site" in said
    assert "--no-accept" in said

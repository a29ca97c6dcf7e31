"""Settings: every mistake is told at once, and no secret is ever repeated."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from consent_server.application import create_app
from consent_server.cli import main
from consent_server.config import SettingsInvalid, load_settings
from consent_server.tokens.ringfile import KeyRingUnusable


def refused(environment):
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(environment)
    return caught.value


def test_without_any_setting_the_service_runs_on_this_machine_alone():
    settings = load_settings({})

    assert (settings.bind_host, settings.bind_port) == ("127.0.0.1", 8000)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.database_url == f"sqlite:///{settings.data_dir}/consent.sqlite3"
    assert settings.data_dir.name == "var"
    assert (settings.workers, settings.threads, settings.log_level) == (1, 8, "info")
    assert settings.auto_migrate is True
    assert settings.demo_clock is None


def test_an_empty_variable_counts_as_unset():
    assert load_settings({"CONSENT_BIND": "", "DATABASE_URL": ""}) == load_settings({})


def test_other_variables_are_nobodys_business():
    assert load_settings({"PATH": "/usr/bin", "CONSENTING": "x"}) == load_settings({})


def test_what_is_named_like_a_setting_and_is_none_is_told():
    environment = {
        "CONSENT_DATABSE_POOLED": "true",
        "CONSENT_METRICS_TOKEN_FLIE": "/run/secrets/metrics",
        "CONSENT_DATABASE_URL": "sqlite://",
        "CONSENT_X": "1",
        "CONSENT_EMPTY": "",
    }

    done = CliRunner().invoke(main, ["check-config"], env=environment)

    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "CONSENT_DATABASE_URL is no setting; DATABASE_URL is one",
        "CONSENT_DATABSE_POOLED is no setting; CONSENT_DATABASE_POOLED is one",
        "CONSENT_METRICS_TOKEN_FLIE is no setting; CONSENT_METRICS_TOKEN_FILE is one",
        "CONSENT_X is no setting",
    ]


def test_every_mistake_is_told_at_once():
    errors = refused(
        {
            "CONSENT_BIND": "0.0.0.0",
            "CONSENT_PUBLIC_URL": "http://consent.example",
            "CONSENT_THREADS": "many",
            "CONSENT_WORKERS": "2",
            "CONSENT_LOG_LEVEL": "loud",
            "CONSENT_AUTO_MIGRATE": "perhaps",
            "DATABASE_URL_FILE": "/nowhere/at-all",
        }
    ).errors

    assert errors.keys() == {
        *("CONSENT_BIND", "CONSENT_PUBLIC_URL", "CONSENT_THREADS", "CONSENT_WORKERS"),
        *("CONSENT_LOG_LEVEL", "CONSENT_AUTO_MIGRATE", "DATABASE_URL_FILE"),
    }


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:p4ssw0rd@host/db",
        "postgresql:/u:p4ssw0rd@host/db",
        "postgresql://u:p4ssw0rd@host:port/db",
        "postgresql://u:p4ssw0rd@host:99999/db",
        "postgresql://u:p4ssw0rd@host:0/db",
        "postgresql://u:p4ssw0rd@host:/db",
        "postgresql://u:p4ssw0rd@host#:x/db",
        "postgresql://u:p4ssw0rd@host/d\tb",
        "postgresql://u:p4ssw0rd@[host/db",
        "postgresql://u:1@p4ssw0rd@host/db",
        "postgresql://u:1/p4ssw0rd@host/db",
        "postgresql://u:1/@p4ssw0rd@host/db",
        "postgresql://u:1?p4ssw0rd@host/db",
        "postgresql://u:1#p4ssw0rd@host/db",
        "p4ssw0rd",
    ],
)
def test_a_wrong_database_address_is_refused_without_repeating_it(url):
    error = refused({"DATABASE_URL": url})

    assert error.errors.keys() == {"DATABASE_URL"}
    assert "p4ssw0rd" not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:x?mode=memory&uri=true",
        "sqlite://consent.db",
    ],
)
def test_a_database_that_would_be_lost_is_refused(url):
    assert refused({"DATABASE_URL": url}).errors.keys() == {"DATABASE_URL"}


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_means_the_same_driver(scheme):
    settings = load_settings({"DATABASE_URL": f"{scheme}://u:p@host:5432/db"})

    assert settings.database_url == "postgresql+psycopg://u:p@host:5432/db"
    assert settings.workers == 2
    assert not settings.is_sqlite


def test_a_secret_can_come_from_a_file(tmp_path):
    path = tmp_path / "url"
    path.write_text("postgresql://u:p@host/db\n")

    settings = load_settings({"DATABASE_URL_FILE": str(path)})

    assert settings.database_url == "postgresql+psycopg://u:p@host/db"


def test_a_wrong_secret_in_a_file_is_refused_without_repeating_it(tmp_path):
    path = tmp_path / "url"
    path.write_text("p4ssw0rd")

    assert "p4ssw0rd" not in str(refused({"DATABASE_URL_FILE": str(path)}))


def test_sqlite_takes_one_process():
    assert refused({"CONSENT_WORKERS": "2"}).errors.keys() == {"CONSENT_WORKERS"}
    assert load_settings({"CONSENT_WORKERS": "1"}).workers == 1


@pytest.mark.parametrize(
    "bind, host, port",
    [
        ("127.0.0.1:8000", "127.0.0.1", 8000),
        ("[::1]:9000", "::1", 9000),
        ("localhost:1", "localhost", 1),
    ],
)
def test_an_address_to_listen_on_is_a_host_and_a_port(bind, host, port):
    settings = load_settings({"CONSENT_BIND": bind})

    assert (settings.bind_host, settings.bind_port) == (host, port)


@pytest.mark.parametrize("bind", ["8000", ":8000", "host:", "host:0", "host:65536", "host:8e3"])
def test_another_address_to_listen_on_is_refused(bind):
    assert refused({"CONSENT_BIND": bind}).errors.keys() == {"CONSENT_BIND"}


def test_an_ipv6_address_keeps_its_brackets_for_the_server():
    from consent_server.serving import gunicorn_options

    options = gunicorn_options(load_settings({"CONSENT_BIND": "[::1]:9000"}))

    assert options["bind"] == "[::1]:9000"


@pytest.mark.parametrize(
    "url",
    [
        "consent.example",
        "ftp://consent.example",
        "https://",
        "https://consent.example?x=1",
        "https://consent.example:/c",
        "https://consent.example#x",
        "http://consent.example",
        "http://10.0.0.1",
    ],
)
def test_a_public_address_is_https_or_this_machine(url):
    assert refused({"CONSENT_PUBLIC_URL": url}).errors.keys() == {"CONSENT_PUBLIC_URL"}


@pytest.mark.parametrize(
    "url", ["https://consent.example/", "https://consent.example/prefix", "http://localhost:8000"]
)
def test_a_public_address_has_no_slash_at_its_end(url):
    assert load_settings({"CONSENT_PUBLIC_URL": url}).public_url == url.rstrip("/")


def test_only_the_demo_on_this_machine_moves_the_clock(tmp_path):
    here = {"CONSENT_DEMO_CLOCK": str(tmp_path / "clock")}

    assert load_settings(here).demo_clock == tmp_path / "clock"
    errors = refused({**here, "CONSENT_BIND": "0.0.0.0:8000"}).errors
    assert errors.keys() == {"CONSENT_DEMO_CLOCK", "CONSENT_PUBLIC_URL"}
    behind_a_proxy = refused({**here, "CONSENT_PUBLIC_URL": "https://consent.example"}).errors
    assert behind_a_proxy.keys() == {"CONSENT_DEMO_CLOCK"}


def test_the_clock_file_moves_the_clock_and_a_damaged_one_does_not(sqlite_url, tmp_path):
    from datetime import UTC, datetime, timedelta

    from consent_server.application import create_app
    from consent_server.web.clock import now

    file = tmp_path / "clock"
    app = create_app(
        load_settings(
            {
                "DATABASE_URL": sqlite_url,
                "CONSENT_DATA_DIR": str(tmp_path / "var"),
                "CONSENT_DEMO_CLOCK": str(file),
            }
        )
    )
    year = timedelta(days=365)
    found = []
    for text in ("31536000", "a year", "9" * 400, "0"):
        file.write_text(text)
        with app.app_context():
            found.append(now() - datetime.now(UTC) > year - timedelta(minutes=1))

    assert found == [True, False, False, False]


def test_the_public_address_must_be_given_when_the_service_is_public():
    assert "CONSENT_PUBLIC_URL" in refused({"CONSENT_BIND": "0.0.0.0:8000"}).errors
    assert "CONSENT_BIND" in refused({"CONSENT_BIND": "::1:8000"}).errors
    assert load_settings({"CONSENT_BIND": "[::1]:8000"}).bind_host == "::1"


def test_a_relative_sqlite_file_is_meant_from_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    settings = load_settings({"DATABASE_URL": "sqlite:///here.sqlite3"})

    assert settings.database_url == f"sqlite:///{tmp_path}/here.sqlite3"


#: Of names, what an address has another meaning for, and what it has none for.
ODD = ["a%41b", "50%", "a?b", "a#b", "a b+c", "a@b:c", "ü"]


@pytest.mark.parametrize("name", ODD)
def test_the_database_lies_in_the_data_directory_whatever_its_name(tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    settings = load_settings({})
    by_name = load_settings({"CONSENT_DATA_DIR": str(tmp_path / name)})
    relative = load_settings({"DATABASE_URL": "sqlite:///here.sqlite3"})

    assert opened(settings) == settings.sqlite_path == tmp_path / name / "var" / "consent.sqlite3"
    assert opened(by_name) == by_name.sqlite_path == tmp_path / name / "consent.sqlite3"
    assert opened(relative) == relative.sqlite_path == tmp_path / name / "here.sqlite3"


@pytest.mark.parametrize("path", ["/srv/a%20b.db", "/srv/a%3Fb.db?timeout=3", "a%2541b.db"])
def test_the_file_that_is_locked_and_backed_up_is_the_database(path):
    settings = load_settings({"DATABASE_URL": f"sqlite:///{path}"})

    assert opened(settings) == settings.sqlite_path


def opened(settings):
    """Return the file that is opened."""
    return Path(sa.make_url(settings.database_url).database)


def test_a_lost_key_ring_is_not_replaced(app, site, environment):
    load_settings(environment).key_ring_path.unlink()

    with pytest.raises(KeyRingUnusable, match="restore it from a backup"):
        create_app(load_settings(environment))


@pytest.mark.parametrize(
    "url",
    [
        "https://u:p4ssw0rd@consent.example",
        "https://u@consent.example",
        "https://consent.example:port",
        "https://consent.example:99999",
        "https://[consent.example",
        "https://[::1]p4ssw0rd",
        "https://consent.example\\@p4ssw0rd",
    ],
)
def test_a_public_address_that_no_browser_should_be_given_is_refused(url):
    error = refused({"CONSENT_PUBLIC_URL": url})

    assert error.errors.keys() == {"CONSENT_PUBLIC_URL"}
    assert "p4ssw0rd" not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p4ssw0rd@host/db",
        "postgresql://u:p%404ssw0rd@host/db?password=p4ssw0rd",
        "postgresql://u@host/db?pwd=p4ssw0rd",
        "postgresql://u@host/db?PASSWORD=p4ssw0rd&sslmode=verify-full",
        "postgresql://u@host/db?options=-c%20x.y%3Dp4ssw0rd&sslmode=verify-full",
        "postgresql://u@host/db?sslmode=verify-full&x=1&x=p4ssw0rd",
    ],
)
def test_no_secret_of_a_database_address_is_shown(url):
    shown = CliRunner().invoke(main, ["check-config"], env={"DATABASE_URL": url})

    assert shown.exit_code == 0
    assert "4ssw0rd" not in shown.output
    assert ("verify-full" in url) == ("verify-full" in shown.output)


DATABASE = "postgresql://u:p4ssw0rd@one/consent"


@pytest.mark.parametrize(
    "replica, database",
    [
        ("postgresql://u:p4ssw0rd@two/consent", None),
        ("postgresql://u:p4ssw0rd@two/consent", "sqlite:////srv/consent.sqlite3"),
        ("sqlite:////srv/replica.sqlite3", DATABASE),
        ("p4ssw0rd", DATABASE),
        ("postgresql://u:1@p4ssw0rd@host/db", DATABASE),
        (DATABASE, DATABASE),
        ("postgres://other:p4ssw0rd@ONE:5432/consent?sslmode=verify-full", DATABASE),
        (
            "postgresql://u@/consent?host=one&port=5433",
            "postgresql://v@/consent?host=one&port=5433",
        ),
    ],
)
def test_what_cannot_be_a_replica_is_refused_without_repeating_it(replica, database):
    named = {"DATABASE_URL": database} if database else {}

    error = refused({"CONSENT_REPLICA_URL": replica, **named})

    assert error.errors.keys() == {"CONSENT_REPLICA_URL"}
    assert "p4ssw0rd" not in str(error)


def test_a_replica_is_another_server_with_the_same_database(tmp_path):
    path = tmp_path / "url"
    path.write_text("postgres://u:p4ssw0rd@two/consent\n")
    environment = {"DATABASE_URL": DATABASE, "CONSENT_REPLICA_URL_FILE": str(path)}

    settings = load_settings(environment)
    shown = CliRunner().invoke(main, ["check-config"], env=environment)

    assert settings.replica_url == "postgresql+psycopg://u:p4ssw0rd@two/consent"
    assert "p4ssw0rd" not in repr(settings).replace(settings.database_url, "")
    assert "u:***@two/consent" in shown.output
    assert "p4ssw0rd" not in shown.output


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"CONSENT_BIND": "[::1]:8080", "CONSENT_PROXIES": "none", "CONSENT_RESERVE_MIB": "0"},
        {"CONSENT_BIND": "0.0.0.0:80", "CONSENT_PUBLIC_URL": "https://consent.example/c/"},
        {
            "DATABASE_URL": "postgres://u@one/consent",
            "CONSENT_REPLICA_URL": "postgres://u@two/consent",
            "CONSENT_DATABASE_POOLED": "true",
            "CONSENT_WORKERS": "4",
            "CONSENT_RATES": "false",
            "CONSENT_GPC_UPDATED": "2026-11-23",
        },
    ],
)
def test_what_is_shown_can_be_set(environment):
    shown = CliRunner().invoke(main, ["check-config"], env=environment).stdout

    lines = dict(line.split(maxsplit=1) for line in shown.splitlines())
    again = {name: value for name, value in lines.items() if value != "not set"}
    assert load_settings(again) == load_settings(environment)

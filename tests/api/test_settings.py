"""What a user may write, and the sentence for everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gorgias_api.errors import SettingsError
from gorgias_api.settings import SHARED, Setting, Settings, account, json_schema, settle

KEY = {"username": "agent@acme.example", "api_key": "k3y"}
ACME = KEY | {"domain": "acme"}
OAUTH = {"client_id": "app", "client_secret": "s3cret", "refresh_token": "r3fresh"}


def complaint(given: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.from_mapping(given)
    return str(caught.value)


@pytest.mark.parametrize(
    "domain",
    [
        "acme",
        "ACME",
        " acme ",
        "acme.gorgias.com",
        "acme.gorgias.com/",
        "https://acme.gorgias.com",
        "https://acme.gorgias.com/",
        "http://acme.gorgias.com/",
    ],
)
def test_all_spellings_of_a_domain_mean_the_same_account(domain: str) -> None:
    settings = Settings.from_mapping(KEY | {"domain": domain})
    assert settings.domain == "acme"
    assert settings.api_url == "https://acme.gorgias.com/api"
    assert settings.authorize_url == "https://acme.gorgias.com/oauth/authorize"
    assert settings.token_url == "https://acme.gorgias.com/oauth/token"
    assert settings.token_store == Path("~/.singer-gorgias/acme-723aef1a.json").expanduser()


@pytest.mark.parametrize(
    "domain",
    [
        "evil.com/",
        "evil.com",
        "acme.gorgias.com.evil.com",
        "acme@evil.com",
        "acme:80",
        "acme/../evil",
        "acme.gorgias.com/api",
        "https://acme.gorgias.com@evil.com/",
        "https://",
        "acme.evil",
        "acme\n.evil",
        "acme?x=",
        "acme#",
        "acme\\evil",
        "-acme",
        "acme-",
        "a" * 64,
        "äcme",
        "acme\N{LATIN SMALL LETTER LONG S}",  # a long s, which is an `s` where case is ignored
        "acme\N{KELVIN SIGN}",
        "acme\N{LATIN SMALL LETTER DOTLESS I}",
        "\N{CYRILLIC SMALL LETTER A}cme",
    ],
)
def test_a_domain_that_is_not_one_plain_label_is_refused(domain: str) -> None:
    with pytest.raises(SettingsError, match="does not name a Gorgias account"):
        account(domain)


def test_a_refused_domain_does_not_give_away_the_credentials_pasted_with_it() -> None:
    assert "k3y" not in complaint(KEY | {"domain": "https://agent:k3y@acme.gorgias.com/"})


@pytest.mark.parametrize("domain", [None, ""])
def test_without_a_domain_the_sentence_asks_for_it(domain: str | None) -> None:
    assert complaint(KEY | {"domain": domain}) == (
        "The setting 'domain' is missing: give your account's name, such as 'acme'."
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8787/api",
        "http://127.0.0.1:8787/api",
        "http://127.9.9.9/api",
        "http://[::1]:8787/api",
        "https://proxy.example.com/gorgias",
    ],
)
def test_an_api_url_over_https_or_to_this_machine_replaces_the_account_s(url: str) -> None:
    settings = Settings.from_mapping(KEY | {"api_url": f"{url}/"})
    assert settings.api_url == url
    assert settings.domain is None


def test_the_oauth_addresses_follow_the_api_url_unless_given() -> None:
    given = OAUTH | {
        "api_url": "http://localhost:1/api",
        "token_url": "https://login.example.com/t",
    }
    settings = Settings.from_mapping(given)
    assert settings.authorize_url == "http://localhost:1/oauth/authorize"
    assert settings.token_url == "https://login.example.com/t"


@pytest.mark.parametrize("name", ["api_url", "authorize_url", "token_url"])
@pytest.mark.parametrize(
    "url",
    [
        "http://acme.example/api",
        "http://localhost.acme.example/api",
        "http://127.0.0.1.acme.example/api",
        "http://10.0.0.1/api",
        "https://user:pass@acme.example/api",
        "https://user@acme.example/api",
        "https://acme.example/api?x=1",
        "https://acme.example/api#x",
        "ftp://localhost/api",
        "localhost/api",
        "https:///api",
        "https://[::1/api",
        "nonsense",
    ],
)
def test_an_address_to_which_no_credential_may_go_is_refused(name: str, url: str) -> None:
    assert complaint(ACME | {name: url}) == (
        f"The setting '{name}' must be an https address without user, query or fragment; plain "
        "http is allowed for loopback addresses only."
    )


def test_aliases_mean_their_settings() -> None:
    given = {"subdomain": "acme", "email_address": "agent@acme.example", "password": "k3y"}
    assert Settings.from_mapping(given) == Settings.from_mapping(ACME)


def test_a_setting_and_its_alias_may_agree_but_not_differ() -> None:
    assert Settings.from_mapping(ACME | {"subdomain": "acme"}).domain == "acme"
    assert complaint(ACME | {"subdomain": "other"}) == (
        "The setting 'domain' and the setting 'subdomain' mean the same; give only one."
    )


@pytest.mark.parametrize(
    ("credentials", "sentence"),
    [
        (
            {},
            (
                "No credentials are set: give 'username' and 'api_key', or 'client_id', "
                "'client_secret' and 'refresh_token' for OAuth2."
            ),
        ),
        (
            {"username": "agent@acme.example"},
            "The setting 'api_key' is missing: 'username' is set, and the two go together.",
        ),
        (
            {"api_key": "k3y"},
            "The setting 'username' is missing: 'api_key' is set, and the two go together.",
        ),
        (
            KEY | OAUTH,
            (
                "Two kinds of credentials are set ('username' and 'client_id'): give either "
                "'username' and 'api_key', or the OAuth2 settings."
            ),
        ),
        (
            {"client_id": "app", "refresh_token": "r3fresh"},
            "OAuth2 needs 'client_id' and 'client_secret', or an 'access_token'.",
        ),
        (
            {"client_secret": "s3cret"},
            "OAuth2 needs 'client_id' and 'client_secret', or an 'access_token'.",
        ),
    ],
)
def test_credentials_are_one_whole_set(credentials: dict[str, Any], sentence: str) -> None:
    assert complaint({"domain": "acme"} | credentials) == sentence


@pytest.mark.parametrize(
    "credentials",
    [
        OAUTH,
        {"access_token": "t0ken"},
        {"client_id": "app", "client_secret": "s3cret"},
        OAUTH | {"access_token": "t0ken"},
    ],
)
def test_an_oauth_login_may_start_from_either_token_or_from_the_store(
    credentials: dict[str, Any],
) -> None:
    assert Settings.from_mapping({"domain": "acme"} | credentials).api_key is None


@pytest.mark.parametrize("share", [0, -0.5, 1.01, float("nan")])
def test_a_share_of_the_rate_limit_lies_between_nothing_and_all(share: float) -> None:
    assert complaint(ACME | {"rate_limit_share": share}) == (
        f"The setting 'rate_limit_share' must be above 0 and at most 1, not {share}."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("request_timeout", 0),
        ("request_timeout", -1),
        ("request_timeout", float("nan")),
        ("request_timeout", float("inf")),
        ("max_retries", 0),
        ("max_retries", -1),
    ],
)
def test_timeout_and_retries_are_numbers_above_nothing(name: str, value: float) -> None:
    sentence = complaint(ACME | {name: value})
    assert sentence.startswith(f"The setting '{name}' must be ")
    assert sentence.endswith(f"above 0, not {value}.")


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("domain", 5, "string"),
        ("max_retries", 2.5, "integer"),
        ("max_retries", "many", "integer"),
        ("max_retries", True, "integer"),
        ("request_timeout", "1_0", "number"),
        ("rate_limit_share", False, "number"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_but_not_shown(
    name: str, value: object, kind: str
) -> None:
    assert complaint(ACME | {name: value}) == f"The setting '{name}' must be of type {kind}."


def test_a_wrong_value_under_an_alias_is_named_by_the_alias() -> None:
    given = {"domain": "acme", "username": "agent@acme.example", "password": 12345}
    assert complaint(given) == "The setting 'password' must be of type string."


def test_the_repr_of_settings_holds_no_secret() -> None:
    shown = repr(Settings.from_mapping(ACME)) + repr(
        Settings.from_mapping({"domain": "acme", "access_token": "t0ken"} | OAUTH)
    )
    assert "acme" in shown
    for secret in ("k3y", "s3cret", "r3fresh", "t0ken"):
        assert secret not in shown


def test_an_unknown_setting_is_refused_with_the_nearest_known_name() -> None:
    with pytest.raises(SettingsError) as caught:
        settle(SHARED, ACME | {"api_kye": "k3y"})
    assert str(caught.value) == "There is no setting 'api_kye': did you mean 'api_key'?"


def test_an_unknown_setting_like_no_other_is_refused_without_a_guess() -> None:
    with pytest.raises(SettingsError) as caught:
        settle(SHARED, {"zzz": 1})
    assert str(caught.value) == "There is no setting 'zzz'."


def test_the_json_schema_marks_secrets_and_states_defaults() -> None:
    schema = json_schema((*SHARED, Setting("lookback", "object", "Spans.")))
    properties = schema["properties"]
    assert schema["type"] == "object"
    secrets = {name for name, prop in properties.items() if prop.get("secret")}
    assert secrets == {"api_key", "client_secret", "refresh_token", "access_token"}
    assert properties["max_retries"]["default"] == 12
    assert properties["lookback"] == {"type": ["object", "null"], "description": "Spans."}

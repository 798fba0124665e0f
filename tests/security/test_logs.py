"""What a log line can hold, whoever writes it and wherever it goes."""

from __future__ import annotations

import json
import logging
import logging.config
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.logging import ConsoleFormatter, StructuredFormatter
from singer_sdk.metrics import Metric, Point

from gorgias_api import BadRequestError
from gorgias_api.errors import Refusal
from gorgias_api.known_secrets import SECRETS, KnownSecrets
from gorgias_api.logs import LONGEST, clean_logs, clean_record
from gorgias_api.masking import cleaned, media_type, plain_id, plain_path, visible
from gorgias_api.settings import Settings
from gorgias_api.tokens import Tokens
from target_gorgias.refusals import shown

if TYPE_CHECKING:
    from pathlib import Path

KEY = 'k3y/of+the "agent"'
PAIR = b64encode(f"agent@acme.example:{KEY}".encode()).decode()
FORGED = "fine\n2026-01-31 | ERROR | all is lost\r\x1b[2J\x9b1m\u202e\u200b\u2028end"
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@pytest.fixture(autouse=True)
def _program() -> None:
    """As every program begins."""
    clean_logs("singer_sdk.mapper", structured=(Point,))
    Settings.from_mapping({"domain": "acme", "username": "agent@acme.example", "api_key": KEY})


class Unspeakable:
    """Refuses to be text."""

    def __str__(self) -> str:
        raise LookupError(KEY)


def written(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("formatter", [ConsoleFormatter, StructuredFormatter, logging.Formatter])
def test_no_handler_added_later_sees_a_secret(
    tmp_path: Path, formatter: type[logging.Formatter]
) -> None:
    handler = logging.FileHandler(tmp_path / "log", encoding="utf-8")
    handler.setFormatter(formatter())
    logger = logging.getLogger("some.library.loaded.later")
    logger.addHandler(handler)
    for form in (KEY, PAIR, quote(KEY), quote(KEY, safe=""), json.dumps(KEY)):
        logger.error("A: %s", form)
        logger.error(f"B: {form}")  # noqa: G004 - as libraries do
        logger.error("C: %(it)s", {"it": form})
        logger.error("D", extra={"note": form, "deep": {"list": [form]}, "api_key": "other"})
        logger.error("E %s %d", form)  # noqa: PLE1206 - arguments that do not fit
        logger.error("F %s", Unspeakable())
        logger.handle(logging.makeLogRecord({"msg": form, "name": "x", "levelno": 40}))
    handler.close()
    logger.removeHandler(handler)
    lines = written(tmp_path / "log")
    assert len(lines) == 35
    assert not [line for line in lines if "k3y" in line or PAIR in line]


HARD = r"Ab/c+d=e&f\g\\\\h:S3cr3t~/9=="


def percent(text: str, form: str = "%{:02X}") -> str:
    return "".join(form.format(byte) for byte in text.encode())


SPELLED = {
    "as it is": HARD,
    "all encoded": percent(HARD),
    "lower case": percent(HARD, "%{:02x}"),
    "twice": quote(quote(HARD, safe=""), safe=""),
    "in part": HARD.replace("/", "%2F").replace("+", "%2b"),
    "as JSON": json.dumps(HARD),
    "as JSON in JSON": json.dumps(json.dumps(HARD)),
    "slashes escaped": json.dumps(HARD).replace("/", r"\/"),
    "code points": "".join(rf"\u{ord(char):04X}" for char in HARD),
    "a pair in an address": quote(b64encode(f"me:{HARD}".encode()).decode(), safe=""),
}


@pytest.mark.parametrize("way", SPELLED)
def test_a_secret_is_hidden_however_it_is_spelled(way: str) -> None:
    secrets = KnownSecrets()
    secrets.learn(HARD)
    secrets.learn_pair("me", HARD)
    hidden = secrets.hide(f"before {SPELLED[way]} after")
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")
    assert len(hidden.strip('"\\')) < 24


def test_of_a_long_secret_nothing_is_left() -> None:
    secrets = KnownSecrets()
    secrets.learn("x1" * 700)
    assert secrets.hide("a " + "x1" * 700 + " b") == "a *** b"


def test_the_sdk_s_logging_configuration_changes_nothing(tmp_path: Path) -> None:
    files = {name: str(tmp_path / name) for name in ("plain", "structured", "metrics")}
    handlers = {
        name: {"class": "logging.FileHandler", "filename": path, "formatter": name}
        for name, path in files.items()
    }
    saved = logging.root.handlers[:], logging.root.level
    try:
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {
                    "plain": {"()": ConsoleFormatter},
                    "metrics": {"format": "%(message)s %(args)s"},
                    "structured": {"()": StructuredFormatter},
                },
                "handlers": handlers,
                "root": {"level": "DEBUG", "handlers": list(handlers)},
                "loggers": {"urllib3": {"level": "DEBUG"}, "singer_sdk.mapper": {"level": "DEBUG"}},
            }
        )
        logging.getLogger("urllib3.connection").warning("Failed to parse headers (url=jane)")
        logging.getLogger("singer_sdk.mapper").info("Found filter rule: %s", "md5('s33d')")
        logging.getLogger("tap-gorgias").info("%s", FORGED + KEY)
        point = Point("counter", Metric.RECORD_COUNT, 1, {"stream": "tickets"})
        logging.getLogger("singer_sdk.metrics").info("METRIC: %s", point)
    finally:
        for handler in set(logging.root.handlers) - set(saved[0]):
            handler.close()
        logging.root.handlers[:], logging.root.level = saved
    for path in files.values():
        lines = written(tmp_path / path)
        assert len(lines) == 2
        assert not [line for line in lines if "k3y" in line or "jane" in line or "s33d" in line]
        assert not UNSEEN.search("".join(lines))
    assert json.loads(written(tmp_path / "structured")[1])["metric_info"]["tags"] == {
        "stream": "tickets"
    }


@given(st.text())
def test_a_log_line_is_one_line_and_moves_no_cursor(text: str) -> None:
    record = logging.makeLogRecord({"msg": "%s", "args": (text,), "name": text, "extra": [text]})
    clean_record(record)
    for part in (record.getMessage(), record.name, *record.__dict__["extra"]):
        assert part.isprintable()
        assert len(part) <= LONGEST + 1
        part.encode()


def test_what_was_not_seen_is_spelled_out() -> None:
    assert visible(FORGED) == (
        r"fine\n2026-01-31 | ERROR | all is lost\r\x1b[2J\x9b1m\u202e\u200b\u2028end"
    )


def test_a_log_line_has_an_end() -> None:
    record = logging.makeLogRecord({"msg": "jane@example.com " * LONGEST})
    clean_record(record)
    assert len(record.getMessage()) <= LONGEST + 1


@pytest.mark.parametrize("before", range(980, 1001))
def test_no_part_of_an_address_or_a_secret_is_left_where_a_line_is_cut(before: int) -> None:
    text = "x" * (before - 1) + " "
    assert "jan" not in cleaned(f"{text}jane@example.com and more")
    assert "k3" not in cleaned(f"{text}{KEY} and more")


def test_of_an_exception_only_kind_and_place_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        try:
            int("Jane Doe")
        except ValueError as error:
            raise KeyError("Jane Doe") from error  # noqa: TRY003, EM101 - as libraries do

    try:
        broken()
    except KeyError as error:
        logging.getLogger("x").exception("%s", error.args[0], stack_info=True)
    (record,) = caplog.records
    line = logging.Formatter().format(record)
    assert "Jane" not in line
    assert line.startswith("KeyError (KeyError at ")
    assert re.search(
        r"test_logs\.py:\d+ > .*test_logs\.py:\d+ after ValueError at .*\.py:\d+", line
    )
    assert "\n" not in line


def test_urllib3_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("urllib3.connectionpool").critical("Failed to parse headers (url=jane)")
    assert not caplog.records


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("postgresql://u:pa55word@h/d", "pa55word"),
        ("postgresql://u:pa55%2Fword@h/d", "pa55/word"),
        ("postgresql://u:pa55@word@h/d", "pa55@word"),
        ("postgresql://u:pa55/word@h/d", "pa55/word"),
        ("postgresql://u@h/d?password=pa55word", "pa55word"),
        ("postgresql://u@h/d?sslpassword=pa55word&x=1", "pa55word"),
        ("sftp://u:pa55word@h/files", "pa55word"),
    ],
)
def test_the_password_in_an_address_is_a_secret(address: str, secret: str) -> None:
    known = KnownSecrets()
    known.learn(address)
    assert known.hide(f"The driver says: {secret}.") == "The driver says: ***."
    assert known.hide("h/d and files") == "h/d and files"


def test_refreshed_tokens_are_secrets() -> None:
    Tokens(access_token="acc3ss-2", refresh_token="r3fresh-2")
    assert SECRETS.hide("Bearer acc3ss-2, r3fresh-2") == "Bearer ***, ***"


@given(st.text(min_size=4), st.text(), st.text())
def test_no_known_secret_is_left_whatever_it_is(secret: str, before: str, after: str) -> None:
    known = KnownSecrets()
    known.learn([secret])
    if "://" not in secret and len(secret.strip()) >= 4:
        hidden = known.hide(before + secret + after)
        assert secret.strip() not in hidden.replace("***", "") or set(secret) <= {"*"}


def test_errors_tell_status_fields_and_request_but_not_what_the_api_says() -> None:
    refusal = Refusal(
        method="POST",
        path="/api/customers",
        status=400,
        message="Jane Doe, +49 30 123456, exists.",
        fields={"name": ["Jane Doe exists"], "Jane Doe": {"0": {"email": ["x"]}}, "+49": "y"},
        request_id="r-1",
    )
    error = BadRequestError(refusal)
    assert str(error) == (
        "POST /api/customers was answered 400 (fields name, ***.0.email, ***) [request r-1]."
    )
    assert "Jane Doe, +49 30 123456, exists (name: Jane Doe exists" in error.in_full


@pytest.mark.parametrize("odd", ["Jane Doe", "a\nb", "\x1b[2J", "x" * 65, "jane@example.com", ""])
def test_request_ids_and_content_types_are_not_passed_on_as_they_come(odd: str) -> None:
    assert plain_id(odd) == "***"
    assert media_type(odd) == "an unknown type"
    assert media_type("Text/HTML; charset=utf-8") == "text/html"
    assert plain_id("8b3c-12.x") == "8b3c-12.x"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/tickets/12/custom-fields", "/api/tickets/12/custom-fields"),
        ("/api/customers/jane%40example.com", "/api/customers/***"),
        ("/api/customers/Jane%20Doe", "/api/customers/***"),
        ("/api/x/\x1b[2J", "/api/x/***"),
        ("/" + "a/" * 100, "/" + "a/" * 11 + "***"),
    ],
)
def test_paths_are_told_as_words_and_ids(path: str, told: str) -> None:
    assert plain_path(path) == told


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("A-7", "A-7"),
        ("519543203", "519543203"),
        ("order-1001", "***-1001"),
        ("jane85", "***85"),
        ("Lea Braun", "***"),
        ("lea@shop.example", "***@***"),
        ("+49 30 123456", "***"),
        ("+4930123456", "***"),
        ("004930123456", "***"),
        ("15551234567", "***"),
        ("7\n2026 | ERROR", "***"),
        ("7" * 100, "***"),
    ],
)
def test_keys_of_rows_are_told_without_names_and_telephone_numbers(key: str, told: str) -> None:
    assert shown(key) == told


@pytest.mark.parametrize("value", [5, 1.5, None, True])
def test_numbers_stay_numbers_in_structured_logs(value: Any) -> None:
    record = logging.makeLogRecord({"msg": "x", "rows": value})
    clean_record(record)
    assert record.__dict__["rows"] is value

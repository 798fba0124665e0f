"""Secrets and a person that are planted everywhere, and where they may turn up."""

from __future__ import annotations

import json
import multiprocessing
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, quote_plus

from tests.api.server import Reply, reply
from tests.security.canary_process import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.api.server import Asked

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["tests.security.canary_process"])
PATIENCE = 60.0

EMAIL, NAME, PHONE = "zoe.quill@canary.example", "Zoe Quillfeather", "+49 30 5550 1234"
BODY = "My parcel smells of herring,\n2026-01-31 | CRITICAL | forged\x1b[2J\x9b1m\u202e"
USER, KEY = "agent@canary.example", "k3y/of+the=Canary"
APP, CLIENT_SECRET = "app-1", "s3cret/of+the Canary"
OLD = {"access_token": "acc3ss-Canary-1", "refresh_token": "r3fresh-Canary-1"}
NEW = {"access_token": "acc3ss-Canary-2", "refresh_token": "r3fresh-Canary-2"}
SEED, CODE, PASSWORD = "s33d of the Canary", "c0de-of-the-Canary", "pa55/word+Canary"

SECRETS = (KEY, CLIENT_SECRET, *OLD.values(), *NEW.values(), SEED, CODE, PASSWORD)
PERSON = ("quillfeather", "5550 1234", "herring", "zoe.quill", "agent@canary")
UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def _spelled(text: str) -> set[str]:
    """A text as addresses, JSON and logs may spell it, in lower case."""
    forms = {text, quote(text), quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1]}
    return {form.lower() for form in forms}


HIDDEN = {form for secret in SECRETS for form in _spelled(secret)} | {
    b64encode(f"{user}:{secret}".encode()).decode().lower()
    for user, secret in ((USER, KEY), (APP, CLIENT_SECRET))
}
"""What no output may hold."""
PERSONAL = {form for part in PERSON for form in _spelled(part)}
"""What only outputs that are made for data may hold."""


class Kind(NamedTuple):
    """What an output may be."""

    person: bool = False
    """It may hold personal data."""
    tokens: bool = False
    """It is the token store."""
    raw: bool = False
    """It is data, not lines for people, and may hold any character."""


@dataclass
class Outputs:
    """Everything that a run has left behind."""

    code: int | None
    texts: dict[str, str] = field(default_factory=dict)

    def leaks(self, kinds: dict[str, Kind]) -> list[str]:
        """What is where it must not be."""
        found = []
        for name, text in self.texts.items():
            kind, lowered = kinds.get(name, Kind()), text.lower()
            hidden = set() if kind.tokens else HIDDEN
            found += [f"{each} in {name}" for each in hidden if each in lowered]
            if not kind.person:
                found += [f"{each} in {name}" for each in PERSONAL if each in lowered]
            if not kind.raw:
                found += [f"{each!r} in {name}" for each in UNSEEN.findall(text)]
        return found


def start(program: str, folder: Path, arguments: list[str], **variables: str) -> Any:
    """A program that runs in a process of its own."""
    known = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **variables}
    process = SERVER.Process(target=run, args=(program, arguments, known, str(folder)))
    process.start()
    return process


def outputs(process: Any, folder: Path, given: set[str]) -> Outputs:
    """What a program has written when it ends.

    Args:
        process: the one that runs.
        folder: where it runs.
        given: files in the folder that it was given.
    """
    process.join(PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
    found = Outputs(process.exitcode)
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and name not in given:
            found.texts[name] = path.read_bytes().decode(errors="backslashreplace")
            found.texts[f"name of {name}"] = name
    return found


LOGGINGS = ("plain", "debug", "file", "json", "metrics", "everything")


def logging_variables(kind: str, folder: Path, program: str) -> dict[str, str]:
    """Variables that make a program log in one of the ways that the SDK offers."""
    if kind == "plain":
        return {}
    if kind == "debug":
        return {"LOGLEVEL": "DEBUG"}
    forms = {
        "json": {"()": "singer_sdk.logging.StructuredFormatter"},
        "plain": {"()": "singer_sdk.logging.ConsoleFormatter"},
        "everything": {"format": "%(asctime)s %(name)s %(threadName)s %(message)s %(args)s"},
    }
    form = kind if kind in forms else "plain"
    handler = {"formatter": form, "level": "DEBUG"}
    to_file = {"class": "logging.FileHandler", "filename": str(folder / "sdk.log")}
    loud = {name: {"level": "DEBUG"} for name in ("urllib3", "singer_sdk.mapper", "sqlalchemy")}
    metrics = {"level": "DEBUG", "handlers": ["file"], "propagate": False}
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": forms,
        "handlers": {
            "file": handler | to_file,
            "err": handler | {"class": "logging.StreamHandler", "stream": "ext://sys.stderr"},
        },
        "root": {"level": "DEBUG", "handlers": ["err"] if kind == "metrics" else ["err", "file"]},
        "loggers": loud | ({"singer_sdk.metrics": metrics} if kind == "metrics" else {}),
    }
    path = folder / "logging.yaml"
    path.write_text(json.dumps(config))
    return {
        "SINGER_SDK_LOG_CONFIG": str(path),
        f"{program.upper().replace('-', '_')}_LOGLEVEL": "DEBUG",
    }


ROW = {
    "id": 1,
    "created_datetime": "2026-01-01T00:00:00+00:00",
    "updated_datetime": "2026-01-01T00:00:00+00:00",
    "name": NAME,
    "email": EMAIL,
    "channels": [{"id": 2, "type": "phone", "address": PHONE}],
    "note": BODY,
}
SAID = f"{NAME} <{EMAIL}>, {PHONE}: {BODY}"
ECHO = "*ECHO*"
"""Stands for the credentials of a request in the answer to it."""
FIELDS = {"email": [SAID + ECHO], NAME: [SAID], "channels": {"0": {"address": SAID}, PHONE: SAID}}
ODD_HEADERS = {"X-Request-Id": f"{NAME} {PHONE}\x1b[2J", "Content-Type": f"{EMAIL}; {PHONE}"}
MALFORMED = (
    f"HTTP/1.1 STATUS OK\r\nX-Owner {NAME} {EMAIL}\r\n{PHONE}\r\nContent-Length: 2\r\n\r\n{{}}"
)


def _refused(status: int, **headers: str) -> Reply:
    told = {"error": {"msg": f"Missing scope: write:all. {SAID} {ECHO}", "data": FIELDS}}
    return reply(told, status, **headers)._replace(
        headers={"X-Request-Id": ODD_HEADERS["X-Request-Id"], **headers}
    )


def _page(*rows: Any, **meta: Any) -> Reply:
    return reply({"data": list(rows), "meta": {"next_cursor": None, **meta}, "object": "list"})


FAULTS: dict[str, Reply | None] = {
    "none": None,
    **{f"status {status}": _refused(status) for status in (400, 401, 403, 404, 409, 413, 500)},
    "slow down": _refused(429, **{"Retry-After": "5", "X-Gorgias-Account-Api-Call-Limit": NAME}),
    "html": Reply(200, f"<html>{SAID} {ECHO}</html>".encode(), ODD_HEADERS),
    "html 502": Reply(502, f"<html>{SAID} {ECHO}</html>".encode(), ODD_HEADERS),
    "malformed header": Reply(raw=MALFORMED.replace("STATUS", "200").encode()),
    "malformed header 500": Reply(raw=MALFORMED.replace("STATUS", "500").encode()),
    "no http": Reply(raw=f"{SAID}\r\n\r\n".encode()),
    "half": Reply(200, json.dumps(SAID).encode(), length=9999),
    "lost": Reply(lost=True),
    "moved": Reply(301, b"", {"Location": f"https://{quote(EMAIL)}/{quote(NAME)}"}),
    "text": reply(SAID + ECHO),
    "odd rows": _page(SAID, [SAID], {**ROW, "id": NAME}, {**ROW, "created_datetime": PHONE}),
    "odd page": reply({"data": {NAME: SAID}, "meta": SAID}),
    "same cursor": _page(ROW, next_cursor=f"{NAME} {PHONE}"),
}


def _sent(asked: Asked) -> bytes:
    """The credentials of a request, as they are and decoded."""
    sent = asked.headers.get("Authorization", "")
    scheme, _, value = sent.partition(" ")
    pair = b64decode(value).decode() if scheme == "Basic" else ""
    return f"{sent} {pair} {asked.body.decode()}".replace('"', "'").encode()


def answering(fault: str, *, login: bool = False) -> Callable[[Asked], Reply]:
    """A server that knows the person, and has one fault, also at the `login`."""
    odd = FAULTS[fault]

    def answer(asked: Asked) -> Reply:
        path = asked.target.partition("?")[0]
        if path == "/oauth/token" and not login:
            return reply(NEW | {"expires_in": 3600})
        if odd is not None:
            return odd._replace(body=odd.body.replace(ECHO.encode(), _sent(asked)))
        if asked.method != "GET" or re.search(r"/[0-9]+$|account$", path):
            return reply(ROW | {"id": 7})
        return _page(ROW)

    return answer

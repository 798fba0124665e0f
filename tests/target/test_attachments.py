"""Files of messages: each is uploaded once, then referred to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.target.support import MAIL, NOTE, Desk, json_lines, rows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.target.support import Row

KEY = ("external_id",)
UPLOAD = "POST /api/upload"
TICKET = 83000001


class Allowing(Desk):
    """An account to which files of its folder may be sent."""

    @property
    def settings(self) -> Row:
        """With the folder."""
        return super().settings | {"attachments_from": str(self.folder)}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    return Allowing(desk.sandbox, desk.folder)


@pytest.fixture
def invoice(desk: Desk) -> Path:
    path = desk.folder / "invoice 1.pdf"
    path.write_bytes(b"%PDF-1.4 an invoice")
    return path


def message(number: int, attachments: Any) -> Row:
    note = {"external_id": f"m-{number}", "ticket_id": TICKET, **NOTE}
    return note | {"attachments": attachments}


def attached(desk: Desk, number: int = 1) -> list[Row]:
    found: list[Row] = desk.the("messages", external_id=f"m-{number}")["attachments"]
    return found


@pytest.mark.parametrize("form", ["path", "list", "JSON", "object", "address", "nulls"])
def test_a_local_file_is_uploaded_and_referred_to(desk: Desk, invoice: Path, form: str) -> None:
    path = str(invoice)
    given = {
        "path": path,
        "list": [path],
        "JSON": json.dumps([{"path": path}]),
        "object": [{"path": path, "url": None}],
        "address": [invoice.as_uri()],
        "nulls": [{"path": path, "name": None, "content_type": None}],
    }[form]
    desk.write(*rows("messages", message(1, given), keys=KEY))
    assert desk.written == [UPLOAD, f"POST /api/tickets/{TICKET}/messages"]
    (file,) = attached(desk)
    assert (file["name"], file["content_type"], file["size"]) == (
        "invoice 1.pdf",
        "application/pdf",
        19,
    )
    (stored,) = desk.sandbox.world.files.values()
    assert stored.content == b"%PDF-1.4 an invoice"


def test_one_file_of_many_messages_is_uploaded_once_over_all_runs(
    desk: Desk, invoice: Path
) -> None:
    desk.write(*rows("messages", *(message(n, [str(invoice)]) for n in range(6)), keys=KEY))
    assert desk.written.count(UPLOAD) == 1
    desk.forget()
    desk.write(*rows("messages", message(7, [str(invoice)]), keys=KEY))
    assert UPLOAD not in desk.written
    assert attached(desk, 7)[0]["url"] == attached(desk, 0)[0]["url"]


def test_a_file_that_changed_is_uploaded_anew(desk: Desk, invoice: Path) -> None:
    desk.write(*rows("messages", message(1, [str(invoice)]), keys=KEY))
    invoice.write_bytes(b"another invoice")
    desk.write(*rows("messages", message(2, [str(invoice)]), keys=KEY))
    assert desk.written.count(UPLOAD) == 2


def test_a_file_may_get_another_name(desk: Desk, invoice: Path) -> None:
    given = [{"path": str(invoice), "name": "Your invoice.pdf", "public": False}]
    desk.write(*rows("messages", message(1, given), keys=KEY))
    (file,) = attached(desk)
    assert (file["name"], file["public"]) == ("Your invoice.pdf", False)


@pytest.mark.parametrize(
    ("given", "name", "kind"),
    [
        ("https://files.example/a/photo.png?x=1", "photo.png", "image/png"),
        (["https://files.example/"], "attachment", "application/octet-stream"),
        (
            [{"url": "https://files.example/b", "name": "b.txt", "content_type": "text/plain"}],
            "b.txt",
            "text/plain",
        ),
        ([{"url": "https://files.example/b.gif", "path": None}], "b.gif", "image/gif"),
        ([{"url": "https://files.example/b.gif", "name": None}], "b.gif", "image/gif"),
    ],
)
def test_a_file_with_an_address_is_referred_to(
    desk: Desk, given: Any, name: str, kind: str
) -> None:
    desk.write(*rows("messages", message(1, given), keys=KEY))
    (file,) = attached(desk)
    assert (file["name"], file["content_type"]) == (name, kind)
    assert UPLOAD not in desk.written


def test_files_of_messages_inside_a_ticket_are_uploaded_too(desk: Desk, invoice: Path) -> None:
    inside = [MAIL | {"attachments": [str(invoice)]}, MAIL | {"attachments": str(invoice)}]
    row = {"external_id": "t-1", "customer_email": "lea@shop.example", "messages": inside}
    desk.write(*rows("tickets", row, keys=KEY))
    assert desk.written == [UPLOAD, "POST /api/tickets"]
    ticket = desk.the("tickets", external_id="t-1")["id"]
    names = [
        row["attachments"][0]["name"] for row in desk.rows("messages") if row["ticket_id"] == ticket
    ]
    assert names == ["invoice 1.pdf"] * 2


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("no.pdf", "The file 'no.pdf' of 'attachments' cannot be read (No such file or directory)"),
        (["."], "The file '.' of 'attachments' is no regular file."),
        ([5], "An attachment must be the path of a file, or an object with 'path' or 'url'."),
        ([{}], "An attachment must be the path of a file, or an object with 'path' or 'url'."),
        ([{"path": 5}], "An attachment must be the path of a file, or an object with"),
        ([""], "An attachment must be the path of a file, or an object with 'path' or 'url'."),
        ([None], "An attachment must be the path of a file, or an object with 'path' or 'url'."),
        ({"path": "/a"}, "'attachments' must be a list of files."),
        (5, "'attachments' must be a list of files."),
        (["http://[bad"], "The 'url' of an attachment must be an address with http or https."),
        ([{"url": "http://[bad"}], "The 'url' of an attachment must be an address with http"),
    ],
)
def test_what_is_no_file_is_refused(desk: Desk, given: Any, reason: str) -> None:
    desk.write(
        *rows("messages", message(1, given), message(2, None), keys=KEY), on_error="continue"
    )
    assert [reason in each for each in desk.reasons] == [True], desk.reasons
    assert desk.summary["messages"]["created"] == 1


def test_a_file_that_gorgias_refuses_is_a_refused_row(desk: Desk, invoice: Path) -> None:
    desk.sandbox.fail("/api/upload", status=413, times=9)
    desk.write(*rows("messages", message(1, [str(invoice)]), keys=KEY), on_error="continue")
    assert [row["status"] for row in desk.rejects] == [413]


def test_a_failing_upload_ends_the_run(desk: Desk, invoice: Path) -> None:
    desk.sandbox.fail("/api/upload", status=401, times=9)
    with pytest.raises(Exception, match="Check the credentials"):
        desk.write(*rows("messages", message(1, [str(invoice)]), keys=KEY), on_error="continue")
    assert desk.rejects == []


def test_a_dry_run_uploads_nothing(desk: Desk, invoice: Path) -> None:
    plan = desk.folder / "plan.jsonl"
    both = (message(n, [str(invoice)]) for n in (1, 2))
    desk.write(*rows("messages", *both, keys=KEY), dry_run=True, plan_path=str(plan))
    assert desk.written == []
    assert [line["operation"] for line in json_lines(plan)].count("upload-file") == 1
    desk.write(*rows("messages", message(1, [str(invoice)]), keys=KEY))
    assert desk.written.count(UPLOAD) == 1


def test_no_attachments_are_none(desk: Desk) -> None:
    desk.write(*rows("messages", message(1, []), message(2, "[]"), message(3, "null"), keys=KEY))
    assert attached(desk, 1) is None
    assert desk.summary["messages"]["created"] == 3

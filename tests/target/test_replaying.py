"""Refused rows are fed back from the very file to which they are added."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import GorgiasError
from tests.target import fork
from tests.target.support import json_lines, lines, rows, schema, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.target.support import Desk, Row

KEY = ["number"]
CRM: Row = {"streams": {"crm": "customers"}, "on_error": "continue"}


def refused(desk: Desk, count: int = 4, stream: str = "crm", **more: Any) -> Path:
    """A file of so many refused customers."""
    bad = ({"number": n, "email": f"wrong {n}", **more} for n in range(count))
    desk.write(*rows(stream, *bad, keys=KEY), **CRM, max_parallelism=1)
    assert len(desk.rejects) == count
    return desk.folder / "rejects.jsonl"


def mend(path: Path, *numbers: int, end: str = "\n") -> None:
    """Give rows of the file a proper address, as a person does in an editor."""
    mended = json_lines(path)
    for line in mended:
        if line["record"]["number"] in numbers:
            line["record"]["email"] = f"mended-{line['record']['number']}@shop.example"
    path.write_text(lines(mended).rstrip("\n") + end)


def replay(desk: Desk, path: Path, **more: Any) -> tuple[int | None, str]:
    """Feed the file back in a process of its own, which must come to an end."""
    ended = desk.run("", f"--input={path}", **CRM | more)
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.returncode, ended.stderr


def command(desk: Desk) -> list[str]:
    config = desk.folder / "config.json"
    config.write_text(json.dumps(desk.settings | CRM))
    return [sys.executable, "-m", "target_gorgias", f"--config={config}"]


def numbers(path: Path) -> list[int]:
    return sorted(line["record"]["number"] for line in json_lines(path))


@pytest.mark.parametrize("end", ["\n", ""])
def test_afterwards_the_file_holds_only_what_is_still_refused(desk: Desk, end: str) -> None:
    path = refused(desk)
    mend(path, 0, 2, end=end)
    code, log = replay(desk, path)
    assert (code, numbers(path)) == (0, [1, 3]), log
    counts = desk.summary["crm"]
    assert (counts["created"], counts["rejected"]) == (2, 2)
    mend(path, 1, 3, end=end)
    assert replay(desk, path)[0] == 0
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("", 0o600)
    assert not (desk.folder / "rejects.jsonl.new").exists()


def test_it_is_the_same_for_standard_input(desk: Desk) -> None:
    path = refused(desk)
    mend(path, 0, 2)
    with path.open() as file:
        ended = subprocess.run(command(desk), stdin=file, capture_output=True, check=True)  # noqa: S603 - our own module
    assert numbers(path) == [1, 3], ended.stderr


def test_it_ends_when_all_is_refused_again(desk: Desk) -> None:
    path = refused(desk)
    before = json_lines(path)
    code, log = replay(desk, path, max_parallelism=1)
    assert code == 1
    assert "Every row was refused, 4 in all." in log
    after = json_lines(path)
    assert [line["record"] for line in after] == [line["record"] for line in before]
    assert {line["run"] for line in after}.isdisjoint({line["run"] for line in before})


def test_it_ends_behind_a_pipe_too(desk: Desk) -> None:
    path = refused(desk)
    mend(path, 0)
    with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE) as cat:  # noqa: S603, S607
        subprocess.run(command(desk), stdin=cat.stdout, capture_output=True, check=True)  # noqa: S603 - our own module
    assert numbers(path) == [0, 1, 1, 2, 2, 3, 3]


def test_it_may_be_read_through_a_link(desk: Desk) -> None:
    path = refused(desk)
    mend(path, 0)
    link = desk.folder / "link.jsonl"
    link.symlink_to(path)
    assert replay(desk, link, rejects_path=str(path))[0] == 0
    assert (link.is_symlink(), numbers(path)) == (True, [1, 2, 3])


def test_a_run_that_ends_early_keeps_every_row(desk: Desk) -> None:
    path = refused(desk)
    mend(path, 0, 3)
    for settings in ({"on_error": "fail"}, {"max_rejects": 0}, {"api_key": "wrong"}):
        code, log = replay(desk, path, **settings)
        assert code == 1, log
        assert numbers(path) == [0, 1, 2, 3]
    assert replay(desk, path)[0] == 0
    assert numbers(path) == [1, 2]


def test_a_dry_run_changes_nothing_in_the_file(desk: Desk) -> None:
    path = refused(desk)
    mend(path, 0, 3)
    before = path.read_text()
    replay(desk, path, dry_run=True)
    assert path.read_text() == before
    assert not (desk.folder / "rejects.jsonl.new").exists()


@pytest.mark.parametrize("enough", [0, 3, 6])
def test_a_kill_loses_no_row(desk: Desk, enough: int) -> None:
    path = refused(desk, 12)
    mend(path, *range(0, 12, 2))
    beside = desk.folder / "rejects.jsonl.new"
    *_, options = command(desk)
    process = fork.start([options, f"--input={path}"], desk.folder / "out", desk.folder / "log")
    until(lambda: process.exitcode is not None or len(so_far(beside)) >= enough)
    process.kill()
    process.join()
    left = set(numbers(path)) | {line["record"]["number"] for line in so_far(beside)}
    assert set(range(1, 12, 2)) <= left
    code, log = replay(desk, path)
    assert code == (0 if desk.summary["crm"].keys() & {"created", "unchanged"} else 1), log
    assert numbers(path) == [*range(1, 12, 2)]
    assert not beside.exists()
    mended = {f"mended-{n}@shop.example" for n in range(0, 12, 2)}
    assert mended <= {row["email"] for row in desk.rows("customers")}


def so_far(path: Path) -> list[Row]:
    whole = path.read_text().rpartition("\n")[0] if path.exists() else ""
    return [json.loads(line) for line in whole.splitlines()]


def test_what_a_killed_run_left_is_taken_up_by_any_run(desk: Desk) -> None:
    path = refused(desk, 1)
    beside = desk.folder / "rejects.jsonl.new"
    beside.write_text(lines([json_lines(path)[0] | {"record": {"number": 7, "email": "wrong"}}]))
    desk.write(*rows("tags", {"name": "new"}))
    assert (numbers(path), beside.exists()) == ([0, 7], False)


def test_rows_that_others_add_meanwhile_are_kept(desk: Desk) -> None:
    path = refused(desk, 2)
    mend(path, 0)
    other = json_lines(path)[1] | {"record": {"number": 9, "email": "wrong"}}

    class Late:
        """A file to which somebody adds a line once it was read."""

        def __init__(self) -> None:
            self.file = path.open()

        def fileno(self) -> int:
            return self.file.fileno()

        def __iter__(self) -> Any:
            yield from self.file
            with path.open("a") as more:
                more.write(lines([other]))

    late = Late()
    desk.listen(late, **CRM)
    late.file.close()
    assert numbers(path) == [1, 9]


def test_a_file_that_holds_more_than_refused_rows_is_added_to(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    path = desk.folder / "rejects.jsonl"
    bad = ({"number": n, "email": "wrong"} for n in range(2))
    path.write_text(lines(rows("crm", *bad, keys=KEY)))
    with path.open() as file:
        desk.listen(file, **CRM)
    assert [line["record"]["number"] for line in json_lines(path)[1:]] == [0, 1, 0, 1]
    assert "holds more than refused rows" in caplog.text


def test_rows_of_a_stream_that_is_skipped_stay(desk: Desk) -> None:
    path = refused(desk, 2)
    mend(path, 0)
    with path.open() as file:
        desk.listen(file, on_unknown_stream="skip", on_error="continue")
    assert numbers(path) == [0, 1]


def test_a_line_carries_time_run_and_stream(desk: Desk) -> None:
    first = json_lines(refused(desk))
    assert {line["stream"] for line in first} == {"crm"}
    assert len({line["run"] for line in first}) == 1
    assert all(line["time"].endswith("+00:00") for line in first)
    replay(desk, desk.folder / "rejects.jsonl")
    assert {line["run"] for line in desk.rejects} != {line["run"] for line in first}


NAMED: list[tuple[str, Row, Row, str]] = [
    ("ticket_tags", {"ticket_id": 5, "name": "VIP only"}, {}, "ticket_id 5, name ***"),
    (
        "ticket_custom_fields",
        {"TICKET_ID": 83000001, "CUSTOM_FIELD_ID": 9, "VALUE": 1},
        {"ticket_id": 83000001, "custom_field_id": 9},
        "ticket_id 83000001, custom_field_id 9",
    ),
    ("tickets", {"id": 7, "subject": "Lea"}, {"id": 7}, "id 7"),
    ("customers", {"email": "lea braun", "external_id": "c-7"}, {}, "external_id c-7, email ***"),
    (
        "tickets",
        {"external_id": "", "subject": [], "customer": {"email": "lea@shop.example"}},
        {"customer_email": "lea@shop.example"},
        "customer_email ***@***",
    ),
    ("delete_customers", {"external_id": "x-9", "id": 9}, {}, "id 9, external_id x-9"),
    ("merge_customers", {"source_id": 1, "target_id": 2}, {}, "source_id 1, target_id 2"),
    ("customers", {"email": "", "name": []}, {}, "a row without a key"),
]


@pytest.mark.parametrize(("stream", "row", "names", "logged"), NAMED)
def test_without_a_key_a_row_is_named_by_what_it_names(
    desk: Desk, stream: str, row: Row, names: Row, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk.write(*rows(stream, row), on_error="continue")
    if stream == "delete_customers":
        desk.write(*rows("update_customers", row), on_error="continue")
    (line,) = desk.rejects
    wanted = names or {column: value for column, value in row.items() if value}
    assert {**line["names"]} == wanted
    (said,) = (each.message for each in caplog.records if each.message.startswith("Refused"))
    assert logged in said
    assert "key ***" not in said
    assert "Lea" not in said
    assert "lea" not in said


def test_a_key_that_is_hidden_from_the_log_is_in_the_file(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    row = {"who": "Lea Braun", "email": "wrong"}
    desk.write(*rows("customers", row, keys=["who"]), on_error="continue")
    assert desk.rejects[0]["key"] == {"who": "Lea Braun"}
    assert "Lea" not in caplog.text


# A run without success


@pytest.mark.parametrize(
    ("good", "code", "states"), [([], 1, 0), ([{"number": 8, "email": "good@shop.example"}], 0, 1)]
)
def test_a_run_in_which_every_row_was_refused_is_no_success(
    desk: Desk, good: list[Row], code: int, states: int
) -> None:
    bad = [{"number": n, "email": "wrong"} for n in range(3)]
    state = {"type": "STATE", "value": {"at": 1}}
    messages = [*rows("customers", *bad, keys=KEY), state, *rows("customers", *good, keys=KEY)]
    if not good:
        messages.pop()
    ended = desk.run(lines(messages), on_error="continue")
    assert ended.returncode == code, ended.stderr
    assert len(ended.stdout.splitlines()) == states


def test_a_run_without_rows_is_a_success(desk: Desk) -> None:
    state = {"type": "STATE", "value": {"at": 1}}
    ended = desk.run(lines([schema("tags", "name"), state]), on_error="continue")
    assert (ended.returncode, ended.stdout) == (0, '{"at": 1}\n')


def test_unchanged_rows_are_a_success(desk: Desk) -> None:
    both = ({"number": n, "email": email} for n, email in enumerate(["a@shop.example", "wrong"]))
    text = lines(rows("customers", *both, keys=KEY))
    for _ in range(2):
        assert desk.run(text, on_error="continue").returncode == 0
    assert desk.summary["customers"]["unchanged"] == 1


def test_the_state_goes_out_once_a_later_row_is_written(desk: Desk) -> None:
    bad, good = {"number": 1, "email": "wrong"}, {"number": 2, "email": "good@shop.example"}
    state = {"type": "STATE", "value": {"at": 1}}
    head, first = rows("customers", bad, keys=KEY)
    later = [{"type": "RECORD", "stream": "customers", "record": good}]
    assert desk.write(head, first, state, *later, on_error="continue") == [{"at": 1}]


# Rights that are missing


SCOPES = {
    f"{what}:{way}"
    for what in ("tickets", "customers", "tags", "users")
    for way in ("read", "write")
} | {"users:read", "users:write", "teams:read", "teams:write", "custom_fields:read"}


def login_without(desk: Desk, scope: str) -> Row:
    """Settings with a token that has every scope but one."""
    token = desk.sandbox.backend.access.issue(" ".join(SCOPES - {scope}))["access_token"]
    return {"username": None, "api_key": None, "access_token": token}


@pytest.mark.parametrize(
    ("stream", "path", "row", "scope"),
    [
        ("update_tickets", "/api/tickets", {"id": 83000001, "subject": "x"}, "tickets:write"),
        ("delete_tickets", "/api/tickets", {"id": 83000001}, "tickets:write"),
        ("ticket_tags", "/api/tickets", {"ticket_id": 83000001, "name": "x"}, "tickets:write"),
        ("customers", "/api/customers", {"name": "Lea"}, "customers:write"),
        ("customers", "/api/customers", {"email": "lea@shop.example"}, "customers:read"),
        ("tags", "/api/tags", {"name": "x"}, "tags:write"),
    ],
)
def test_a_missing_scope_ends_the_stream_not_the_run(
    desk: Desk, stream: str, path: str, row: Row, scope: str
) -> None:
    many = ({"number": n, **row} for n in range(200))
    ended = desk.run(
        lines([*rows(stream, *many, keys=KEY), *rows("teams", {"name": "New"})]),
        **login_without(desk, scope),
        on_error="continue",
        max_parallelism=1,
    )
    assert ended.returncode == 0, ended.stderr
    asked = [each for each in desk.sandbox.requests if each.path.startswith(path)]
    assert len(asked) <= 2
    assert desk.summary[stream]["rejected"] == len(desk.rejects) == 200
    assert desk.summary["teams"]["created"] == 1
    (said,) = (line for line in ended.stderr.splitlines() if "Refused: " in line)
    assert f"Missing scope: {scope}" in said
    assert said.endswith("No further row of this stream is tried.")
    # Tags of one ticket go out a hundred at a time.
    assert desk.reasons[-1] == f"Not tried: this login lacks the scope '{scope}'."


def test_side_by_side_only_what_was_under_way_is_asked(desk: Desk) -> None:
    many = ({"number": n, "name": "Lea"} for n in range(200))
    text = lines(rows("customers", *many, keys=KEY))
    login = login_without(desk, "customers:write")
    ended = desk.run(text, **login, on_error="continue", max_parallelism=8)
    assert ended.returncode == 1
    assert len(desk.sandbox.requests) <= 8
    assert ended.stderr.count("Refused: ") == 1


def test_rows_that_are_written_already_are_no_refusals(desk: Desk) -> None:
    messages = rows("customers", *({"number": n, "name": "Lea"} for n in range(5)), keys=KEY)
    desk.write(*messages)
    desk.write(*messages, **login_without(desk, "customers:write"))
    assert desk.summary == {"customers": {"unchanged": 5}}


def test_a_right_to_one_object_ends_no_stream(desk: Desk) -> None:
    desk.sandbox.fail("/api/tickets/83000001", status=403, times=9)
    both = ({"id": ticket, "subject": "New"} for ticket in (83000001, 83000002))
    desk.write(*rows("update_tickets", *both), on_error="continue")
    assert desk.row("tickets", 83000002)["subject"] == "New"


# Several versions of a row


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if "have the same key" in each.message]


@pytest.mark.parametrize(
    ("stream", "versions"),
    [
        ("customers", [{"number": 1, "name": f"Lea {n}"} for n in range(20)]),
        ("update_tickets", [{"number": 1, "id": 83000001, "subject": str(n)} for n in range(20)]),
        (
            "ticket_tags",
            [{"number": 1, "ticket_id": 83000001, "name": f"t{n}"} for n in range(20)],
        ),
        (
            "ticket_custom_fields",
            [
                {"number": 1, "ticket_id": 83000001, "custom_field_id": 505, "value": n}
                for n in range(20)
            ],
        ),
    ],
)
def test_several_versions_of_a_row_are_told_once_per_stream(
    desk: Desk, stream: str, versions: list[Row], caplog: pytest.LogCaptureFixture
) -> None:
    desk.write(*rows(stream, *versions, keys=KEY))
    (sentence,) = told(caplog)
    assert sentence.startswith(f"{stream}: ")
    assert "key 1" in sentence


def test_one_version_in_each_of_two_runs_is_nothing_to_tell(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        one = {"number": 1, "name": f"Lea {number}"}
        desk.write(*rows("customers", one, one, {"number": 2, "name": "Ada"}, keys=KEY))
        desk.clock.advance(1)
    assert told(caplog) == []


@pytest.mark.parametrize(
    ("stream", "row", "later"),
    [
        ("create_customers", {"number": 1, "name": "Lea"}, {"name": "Ada"}),
        ("create_tags", {"number": 1, "name": "new"}, {"description": "x"}),
    ],
)
def test_a_row_that_changed_after_its_creation_is_told_once(
    desk: Desk, stream: str, row: Row, later: Row, caplog: pytest.LogCaptureFixture
) -> None:
    desk.write(*rows(stream, row, keys=KEY))
    desk.write(*rows(stream, row, keys=KEY))
    assert "only once" not in caplog.text
    desk.write(*rows(stream, row | later, row | later, keys=KEY))
    said = [each.message for each in caplog.records if "only once" in each.message]
    assert len(said) == 1
    assert f"'{stream.replace('create', 'upsert')}' would write the changes too" in said[0]


# The lines of the input


LINES = [json.dumps(message) for message in rows("tags", {"name": "first"}, {"name": "second"})]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + "\n".join(LINES),
        "\r\n".join(LINES) + "\r\n",
        "\n\n".join(LINES) + "\n\n  \n\t\n",
        "\n" + "\n".join(LINES),
        "\ufeff\r\n" + "\r\n\r\n".join(LINES),
        "\n\ufeff".join(LINES),
        "  " + "  \n  ".join(LINES),
    ],
)
def test_marks_blank_lines_and_ends_of_lines_say_nothing(desk: Desk, text: str) -> None:
    path = desk.folder / "rows.jsonl"
    path.write_bytes(text.encode())
    with path.open(newline="") as file:
        desk.listen(file)
    assert {"first", "second"} <= {row["name"] for row in desk.rows("tags")}


def test_a_file_of_another_system_is_read_from_standard_input(desk: Desk) -> None:
    ended = desk.run_loudly(("\ufeff" + "\r\n\r\n".join(LINES)).encode())
    assert ended.returncode == 0, ended.stderr
    assert {"first", "second"} <= {row["name"] for row in desk.rows("tags")}


def test_lines_are_counted_with_those_that_are_blank(desk: Desk) -> None:
    with pytest.raises(GorgiasError, match=r"^Line 4 of the input is no Singer message"):
        desk.feed("\n" + LINES[0] + "\n\nbroken\n")


def test_a_batch_is_named_with_what_to_do(desk: Desk) -> None:
    batch = '{"type": "BATCH", "stream": "tags", "encoding": {}, "manifest": ["/lea.json"]}'
    ended = desk.run("\n".join([*LINES, batch]))
    assert ended.returncode == 1
    assert (
        "Line 4 of the input is a BATCH message, whose files are not read here: have the tap write "
        "RECORD messages, without its setting 'batch_config'."
    ) in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "lea" not in ended.stderr

"""Files go up in one request, read from disk while they are sent, as often as it takes."""

from __future__ import annotations

import os
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gorgias_api import AnswerError, BadRequestError, FilePart, TransportError, UsageError
from gorgias_api.multipart import CHUNK, Multipart
from tests.api.server import Asked, Reply, refusal, reply

if TYPE_CHECKING:
    from pathlib import Path

    from gorgias_api import Client
    from gorgias_sandbox.serve import Sandbox
    from tests.api.conftest import Connect
    from tests.api.server import Server

FILE = {"content_type": "text/plain", "name": "a", "size": 1, "url": "https://example.com/d/a"}


def parts(asked: Asked) -> list[tuple[Any, Any, Any]]:
    """Name, file name and contents of each part, as any MIME reader finds them."""
    head = f"Content-Type: {asked.headers['Content-Type']}\r\n\r\n".encode()
    read = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + asked.body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_payload(decode=True),
        )
        for part in read.iter_parts()
    ]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"line\r\nline\n")
    return path


def test_several_files_go_in_one_request_under_their_names(
    client: Client, server: Server, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.png").touch()
    server.replies.append(reply([FILE, FILE], 201))
    assert client.upload([file, tmp_path / "empty.png"], "public_attachment") == [FILE, FILE]
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("POST", "/api/upload?type=public_attachment")
    assert parts(asked) == [
        ("notes.txt", "notes.txt", b"line\r\nline\n"),
        ("empty.png", "empty.png", b""),
    ]
    assert b"Content-Type: image/png\r\n" in asked.body
    assert asked.headers["Transfer-Encoding"] is None


def test_a_label_is_the_name_of_the_part(client: Client, server: Server, file: Path) -> None:
    server.replies.append(reply([FILE]))
    client.upload(str(file), label="your invoice")
    assert parts(server.asked[0])[0][:2] == ("your invoice", "notes.txt")


@pytest.mark.parametrize(
    ("answer", "size"),
    [([FILE | {"size": "12"}], 12), ({"data": [FILE]}, 1), ([{"size": None}], None)],
)
def test_the_answer_is_read_in_all_its_spellings(
    client: Client, server: Server, file: Path, answer: Any, size: int | None
) -> None:
    server.replies.append(reply(answer, 201))
    assert [each["size"] for each in client.upload(file)] == [size]


def test_an_answer_without_files_is_an_error(client: Client, server: Server, file: Path) -> None:
    server.answer = lambda _: reply({"id": 1})
    with pytest.raises(AnswerError, match=r"^POST /api/upload was answered without a list"):
        client.upload(file)


def test_an_upload_is_sent_again_with_its_whole_file(
    client: Client, server: Server, file: Path
) -> None:
    server.replies.extend([refusal(503), Reply(lost=True), refusal(429), reply([FILE])])
    assert client.upload(file) == [FILE]
    assert len({asked.body for asked in server.asked}) == 1
    assert len(server.asked) == 4


def test_a_token_that_has_ended_costs_no_file(
    connect: Connect, sandbox: Sandbox, file: Path
) -> None:
    options = sandbox.backend.options
    client = connect(
        sandbox.url,
        client_id=options.client_id,
        client_secret=options.client_secret,
        refresh_token=options.refresh_token,
        access_token="ended",
    )
    (uploaded,) = client.upload(file)
    assert uploaded["size"] == file.stat().st_size


def test_a_file_that_is_too_large_is_refused_once(
    connect: Connect, sandbox: Sandbox, file: Path
) -> None:
    sandbox.backend.change(max_upload=10)
    client = connect(sandbox.url, username=sandbox.email, api_key=sandbox.api_key)
    with pytest.raises(BadRequestError, match="413"):
        client.upload(file)
    assert [seen.status for seen in sandbox.requests] == [413]


def test_a_file_that_grows_meanwhile_is_sent_as_it_was(file: Path) -> None:
    body = Multipart({}, [FilePart("a", file)])
    with file.open("ab") as more:
        more.write(b"more")
    sent = b"".join(body)
    assert len(sent) == len(body)
    assert b"more" not in sent


def test_a_file_that_shrinks_while_it_is_sent_is_one_sentence(
    client: Client, server: Server, file: Path
) -> None:
    os.truncate(file, 3 * CHUNK)
    server.answer = lambda _: Reply(lost=True)

    def shrink(done: int, _total: int | None) -> None:
        if done > CHUNK:
            os.truncate(file, CHUNK)

    with pytest.raises(UsageError, match=r"notes\.txt became shorter while it was sent\.$"):
        client.upload(file, progress=shrink)
    assert len(server.asked) <= 1


def test_a_file_that_vanishes_before_another_try_is_one_sentence(
    client: Client, server: Server, file: Path
) -> None:
    def vanish(_asked: Asked) -> Reply:
        file.unlink(missing_ok=True)
        return refusal(503) if len(server.asked) == 1 else Reply(lost=True)

    server.answer = vanish
    with pytest.raises(UsageError, match=r"cannot be read \(No such file or directory\)"):
        client.upload(file)


@pytest.mark.parametrize(
    ("name", "reason"), [("absent", "No such file or directory"), ("", "Is a directory")]
)
def test_a_file_that_cannot_be_read_is_one_sentence_and_nothing_is_sent(
    client: Client, server: Server, tmp_path: Path, name: str, reason: str
) -> None:
    with pytest.raises(UsageError) as caught:
        client.upload(tmp_path / name)
    assert str(caught.value) == f"The file {tmp_path / name} cannot be read ({reason})."
    assert server.asked == []


def test_no_file_at_all_is_a_mistake(client: Client, server: Server) -> None:
    with pytest.raises(UsageError, match="no file to upload"):
        client.upload([])
    assert server.asked == []


def test_a_server_that_is_not_there_is_an_error(
    connect: Connect, unused_url: str, file: Path
) -> None:
    with pytest.raises(TransportError, match="could not be sent"):
        connect(unused_url, max_retries=1).upload(file)


def test_progress_tells_what_is_sent_of_how_much(
    client: Client, server: Server, file: Path
) -> None:
    os.truncate(file, 3 * CHUNK)
    server.replies.append(reply([FILE]))
    told: list[tuple[int, int | None]] = []
    client.upload(file, progress=lambda done, total: told.append((done, total)))
    sizes = [done for done, _ in told]
    assert sizes == sorted(sizes)
    assert {total for _, total in told} == {len(server.asked[0].body)} == {sizes[-1]}
    assert len(told) > 3


def test_a_form_goes_with_its_files(client: Client, server: Server, file: Path) -> None:
    form = {"one": "é", "many": ["a", "b"], "flag": True, "absent": None}
    client.request("POST", "/api/x", form=form, files=[FilePart("doc", file, "other.txt")])
    assert parts(server.asked[0]) == [
        ("one", None, "é".encode()),
        ("many", None, b"a"),
        ("many", None, b"b"),
        ("flag", None, b"true"),
        ("doc", "other.txt", b"line\r\nline\n"),
    ]


def test_a_form_without_files_is_encoded_as_such(client: Client, server: Server) -> None:
    client.request("POST", "/api/x", form={"a": ["1", "2 3"], "b": False})
    (asked,) = server.asked
    assert asked.body == b"a=1&a=2+3&b=false"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_json_and_a_form_are_not_sent_together(client: Client, server: Server) -> None:
    with pytest.raises(UsageError, match="not both"):
        client.request("POST", "/api/x", data={}, form={"a": "b"})
    assert server.asked == []


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    contents=st.binary(max_size=200),
    # No backslash: readers of a header disagree on what it means.
    label=st.text(st.characters(codec="utf-8", exclude_characters="\\"), min_size=1, max_size=30),
)
@example(contents=b"\r\n--\r\n", label='a "quoted"\r\nX-Header: 1; name="b"')
def test_whatever_is_in_a_file_comes_back(
    connect: Connect, sandbox: Sandbox, tmp_path: Path, contents: bytes, label: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(contents)
    client = connect(sandbox.url, username=sandbox.email, api_key=sandbox.api_key)
    (uploaded,) = client.upload(file, label=label)
    assert uploaded["size"] == len(contents)
    assert list(sandbox.world.files.values())[-1].content == contents

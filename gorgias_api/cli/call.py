"""`gorgias call`: every operation of the API as a command, its fields as options."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from gorgias_api.cli.table import show_table
from gorgias_api.cli.values import json_value, show
from gorgias_api.client import Client
from gorgias_api.errors import UsageError
from gorgias_api.operations import MODULES, OPERATIONS, Field, Kind, Operation, find
from gorgias_api.paging import Page, check_rows, follow, further, read_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

METAVARS: dict[Kind, str] = {
    "string": "TEXT",
    "integer": "NUMBER",
    "number": "NUMBER",
    "boolean": "true|false",
    "datetime": "DATETIME",
    "object": "JSON",
    "array": "JSON",
    "any": "JSON",
    "scalar": "VALUE",
    "file": "FILE",
}
EVERY_PAGE = click.Option(
    ["every_page", "--all"], is_flag=True, help="All pages, one JSON value a line."
)
TABLE = click.Option(["as_table", "--table"], is_flag=True, help="A table instead of JSON.")
INPUT = click.Option(
    ["from_file", "--input"],
    type=click.Path(),
    metavar="FILE",
    help="A JSON object of fields, or `-` for standard input; options win over it.",
)


class Operations(click.Group):
    """The operations, made into commands when somebody asks for one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all operations."""
        return sorted(OPERATIONS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of an operation.

        Raises:
            UsageError: there is no such operation, and this is not about completing a line.
        """
        if ctx.resilient_parsing and cmd_name not in OPERATIONS:
            return None
        return command(find(cmd_name))

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        """Write what there is, by what it is about."""
        for module in MODULES:
            with formatter.section(module.__name__.rpartition(".")[2].capitalize()):
                formatter.write_dl([(each.name, each.summary) for each in module.OPERATIONS])


call = Operations(
    "call",
    context_settings={"max_content_width": 120},
    help="Call one of the documented operations, such as `gorgias call get-ticket --id 1`.\n\n"
    "`gorgias call OPERATION --help` tells its fields. JSON may also be in a file, given as "
    "`@FILE`, or come from standard input, given as `-`. `null` clears a field that holds no text; "
    "a text is cleared with `--input`.",
)


def command(operation: Operation) -> click.Command:
    """The command that calls an operation."""
    about = f"{operation.method} {operation.path}\n{operation.page}"
    return click.Command(
        operation.name,
        help=f"{operation.summary}\n\n\b\n{about}",
        params=[
            *(_option(field, operation) for field in operation.fields),
            *([EVERY_PAGE] if operation.paged else []),
            *([TABLE] if operation.response_type == "json" else []),
            INPUT,
        ],
        callback=click.pass_obj(partial(_run, operation)),
    )


def _option(field: Field, operation: Operation) -> click.Option:
    return click.Option(
        [field.name, f"--{field.name.replace('_', '-')}"],
        metavar="|".join(field.one_of) or METAVARS[_given_as(field)],
        multiple=_repeats(field),
        help=" ".join(_told(field, operation)),
        shell_complete=partial(_completions, field),
    )


def _repeats(field: Field) -> bool:
    """Whether each item of a list is an option of its own; objects and lists are JSON."""
    return field.kind == "array" and field.items not in (None, "any", "array", "object")


def _given_as(field: Field) -> Kind:
    return field.items or "any" if _repeats(field) else field.kind


def _told(field: Field, operation: Operation) -> Iterator[str]:
    """What the help of an option says."""
    if field.help:
        yield field.help
    if field.fields:
        parts = (f"{part.name}{'*' if part.required else ''}" for part in field.fields)
        needed = " (* required)" if any(part.required for part in field.fields) else ""
        yield f"{'Each with' if field.kind == 'array' else 'With'} {', '.join(parts)}{needed}."
    if _repeats(field):
        yield "May be repeated."
    if field.name in operation.replaces:
        yield "Replaces all there was before."
    limits = [f"at most {field.longest} characters"] if field.longest else []
    if field.least is not None or field.most is not None:
        limits.append(f"{'' if field.least is None else field.least}..{field.most or ''}")
    if field.required:
        limits.append("required")
    if limits:
        yield f"[{'; '.join(limits)}]"


def _completions(
    field: Field, _context: click.Context, _option: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    if _given_as(field) == "file":
        return [CompletionItem(incomplete, type="file")]
    known = field.one_of or (("true", "false") if field.kind == "boolean" else ())
    return [CompletionItem(value) for value in known if value.startswith(incomplete)]


def _run(
    operation: Operation,
    given: dict[str, Any],
    /,
    *,
    from_file: str | None = None,
    as_table: bool = False,
    every_page: bool = False,
    **flags: Any,  # noqa: ANN401 - texts, or several of them
) -> None:
    values = _fields_in(from_file) if from_file else {}
    for field in operation.fields:
        if flags[field.name] not in (None, ()):
            values[field.name] = _value(field, flags[field.name])
    with Client.from_settings(given) as client:
        if every_page:
            pages = (page.rows for page in _pages(client, operation, values))
            (show_table if as_table else _show_lines)(pages)
            return
        answer = client.call(operation.name, **values)
    if as_table:
        show_table([_rows(answer)])
    elif operation.response_type == "json":
        show(answer)
    else:
        click.echo(answer, nl=False)


def _fields_in(source: str) -> dict[str, Any]:
    fields = json_value("-" if source == "-" else f"@{source}")
    if not isinstance(fields, dict):
        message = f"The input {source} is not a JSON object of fields."
        raise UsageError(message)
    return fields


def _value(field: Field, said: Any) -> Any:  # noqa: ANN401 - texts in, any JSON value out
    """What a person means who gives a field as text."""
    if field.kind in ("string", "file") or _repeats(field):
        return said
    if said == "null" and field.null:
        return None
    if field.kind in ("object", "array", "any") and (said == "-" or said.startswith("@")):
        return json_value(said)
    if field.kind in ("any", "scalar"):
        try:
            return json.loads(said)
        except (ValueError, RecursionError):
            return said
    return said


def _pages(client: Client, operation: Operation, values: dict[str, Any]) -> Iterator[Page]:
    """Every page of a list, each asked for when the one before has been used."""

    def ask(after: str | None) -> Page:
        answer = client.call(operation.name, **(values | further(after)))
        asked = f"{operation.method} {operation.path}"
        page = read_page(asked, answer)
        check_rows(asked, page.rows)
        return page

    return follow(ask, values.get("cursor"))


def _rows(answer: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """The rows of a list; of anything else, its fields."""
    if isinstance(answer, dict) and isinstance(answer.get("data"), list):
        answer = answer["data"]
    if isinstance(answer, dict):
        return [{"name": name, "value": value} for name, value in answer.items()]
    rows = answer if isinstance(answer, list) else [answer]
    return [row if isinstance(row, dict) else {"value": row} for row in rows]


def _show_lines(pages: Iterable[list[Any]]) -> None:
    for rows in pages:
        for row in rows:
            # Half a character pair, which no terminal takes, becomes the escape JSON has for it.
            click.echo(json.dumps(row, ensure_ascii=False).encode(errors="backslashreplace"))

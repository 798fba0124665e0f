"""The filter language of views (section 12): `eq(ticket.status, 'open') && isEmpty(...)`."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from gorgias_sandbox.clock import micros
from gorgias_sandbox.replies import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row

    Resolve = Callable[[Sequence[str]], Json]
    """The value behind a path like `("ticket", "status")`; `Invalid` when it is unknown."""

    Test = Callable[[Resolve], bool]

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<number>-?\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<sign>&&|\|\||[()\[\],])
    )""",
    re.VERBOSE,
)
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None}
_END = ("end", "")


def parse(text: str) -> Row:
    """The filter as an ESTree program; an empty filter has an empty body.

    Raises:
        Invalid: 400, the text is no filter.
    """
    parser = _Parser(_tokens(text))
    if parser.kind == "end":
        return {"type": "Program", "body": []}
    statement = {"type": "ExpressionStatement", "expression": parser.disjunction()}
    parser.expect("end")
    return {"type": "Program", "body": [statement]}


def compiled(program: Row) -> Test:
    """A test for what `parse` returned; it is true for every row when the body is empty.

    Raises:
        Invalid: 400, an unknown function or a wrong number of arguments.
    """
    if not program["body"]:
        return lambda _resolve: True
    return _test(program["body"][0]["expression"])


def _refuse(message: str) -> NoReturn:
    raise Invalid({"filters": [message]})


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            _refuse(f"Unexpected text at position {position}.")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return [*tokens, _END]


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = iter(tokens)
        self.kind, self.text = next(self._tokens)

    def expect(self, *wanted: str) -> str:
        """Step over a token, given by sign or kind, and return its text."""
        if self.kind not in wanted and self.text not in wanted:
            _refuse(f"Expected {' or '.join(wanted)} instead of {self.text or 'the end'!r}.")
        text = self.text
        self.kind, self.text = next(self._tokens, _END)
        return text

    def disjunction(self) -> Row:
        """`a || b`."""
        return self._chain("||", lambda: self._chain("&&", self._operand))

    def _chain(self, operator: str, operand: Callable[[], Row]) -> Row:
        left = operand()
        while self.text == operator and self.kind == "sign":
            self.expect(operator)
            left = {
                "type": "LogicalExpression",
                "operator": operator,
                "left": left,
                "right": operand(),
            }
        return left

    def _operand(self) -> Row:
        if self.text == "(" and self.kind == "sign":
            self.expect("(")
            inner = self.disjunction()
            self.expect(")")
            return inner
        name = self.expect("name")
        self.expect("(")
        arguments = self._values(")")
        callee = {"type": "Identifier", "name": name}
        return {"type": "CallExpression", "callee": callee, "arguments": arguments}

    def _values(self, closing: str) -> list[Row]:
        values = []
        while self.text != closing:
            values.append(self._value())
            if self.text != closing:
                self.expect(",")
        self.expect(closing)
        return values

    def _value(self) -> Row:
        if self.text == "[" and self.kind == "sign":
            self.expect("[")
            return {"type": "ArrayExpression", "elements": self._values("]")}
        kind, text = self.kind, self.expect("text", "number", "name")
        if kind == "name" and text not in _WORDS:
            return _member(text.split("."))
        if kind == "text":
            value: Json = re.sub(r"\\(.)", r"\1", text[1:-1])
        elif kind == "number":
            value = float(text) if "." in text else int(text)
        else:
            value = _WORDS[text]
        return {"type": "Literal", "value": value, "raw": text}


def _member(path: list[str]) -> Row:
    node: Row = {"type": "Identifier", "name": path[0]}
    for name in path[1:]:
        node = {
            "type": "MemberExpression",
            "object": node,
            "property": {"type": "Identifier", "name": name},
            "computed": False,
        }
    return node


def _path(node: Row) -> list[str]:
    if node["type"] == "MemberExpression":
        return [*_path(node["object"]), node["property"]["name"]]
    if node["type"] == "Identifier":
        return [node["name"]]
    _refuse("The first argument must be a field.")


def _test(node: Row) -> Test:
    if node["type"] == "LogicalExpression":
        left, right = _test(node["left"]), _test(node["right"])
        if node["operator"] == "&&":
            return lambda resolve: left(resolve) and right(resolve)
        return lambda resolve: left(resolve) or right(resolve)
    name, arguments = node["callee"]["name"], node["arguments"]
    if name not in _FUNCTIONS:
        _refuse(f"Unknown function {name!r}.")
    expected, function = _FUNCTIONS[name]
    if len(arguments) != expected:
        _refuse(f"{name} takes {expected} arguments.")
    path = _path(arguments[0])
    values = [_literal(argument) for argument in arguments[1:]]
    return lambda resolve: function(resolve(path), *(_filled(value, resolve) for value in values))


def _literal(node: Row) -> Json:
    if node["type"] == "ArrayExpression":
        return [_literal(element) for element in node["elements"]]
    if node["type"] != "Literal":
        _refuse("Only the first argument may be a field.")
    return node["value"]


def _filled(value: Json, resolve: Resolve) -> Json:
    """Template variables stand in quotes: `'{{current_user.id}}'`."""
    if isinstance(value, list):
        return [_filled(each, resolve) for each in value]
    if isinstance(value, str) and value.startswith("{{") and value.endswith("}}"):
        return resolve(value[2:-2].strip().split("."))
    return value


def _equal(value: Json, wanted: Json) -> bool:
    if isinstance(value, list):
        return bool(wanted in value)
    return bool(_comparable(value) == _comparable(wanted))


def _comparable(value: Json) -> Json:
    """Moments compare as moments; anything else as it is."""
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d(T|$)", value):
        with suppress(ValueError):
            return micros(value)
    return value


def _ordered(holds: Callable[[Json, Json], bool]) -> Callable[[Json, Json], bool]:
    def compare(value: Json, bound: Json) -> bool:
        left, right = _comparable(value), _comparable(bound)
        if left is None or right is None or isinstance(left, str) != isinstance(right, str):
            return False
        return bool(holds(left, right))

    return compare


def _shared(value: Json, wanted: Json) -> set[Json]:
    values = value if isinstance(value, list) else [value]
    return set(values) & set(wanted if isinstance(wanted, list) else [wanted])


def _is_empty(value: Json) -> bool:
    return value in (None, "", [])


_FUNCTIONS: dict[str, tuple[int, Callable[..., bool]]] = {
    "eq": (2, _equal),
    "neq": (2, lambda value, wanted: not _equal(value, wanted)),
    "gt": (2, _ordered(lambda left, right: left > right)),
    "gte": (2, _ordered(lambda left, right: left >= right)),
    "lt": (2, _ordered(lambda left, right: left < right)),
    "lte": (2, _ordered(lambda left, right: left <= right)),
    "containsAny": (2, lambda value, wanted: bool(_shared(value, wanted))),
    "containsAll": (2, lambda value, wanted: len(_shared(value, wanted)) == len(set(wanted))),
    "notContainsAny": (2, lambda value, wanted: not _shared(value, wanted)),
    "isEmpty": (1, _is_empty),
    "isNotEmpty": (1, lambda value: not _is_empty(value)),
}

"""YAML text -> nodes that know their line and column, and problems that name them.

Alone in knowing YAML. The dialect is small on purpose: `true`, `false`, whole numbers, decimal
fractions, `null` and text; no yes/no/on/off, no base 60, no dates, no tags, no merge keys. A key
is always the text as written. Input nobody should have to trust costs little: its size, depth
and number of nodes (aliases expanded) are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from aggregator.config.words import shown_key
from aggregator.errors import ConfigError, Problem

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 16
# 5,000 feeds with every key, 500 blocks and 1,000 pages are some 50,000.
MAX_NODES = 100_000
# Long text counts as several nodes, or many aliases of one long text would be cheap to write.
_TEXT_PER_NODE = 64

TOO_LARGE = "more than 1 MiB; expected a smaller file"
NOT_UTF8 = "not UTF-8; expected a text file in UTF-8"
EMPTY = "empty; expected at least `network` and `sites`"

# What reading ended at -> what was meant, most likely.
_HINTS: Mapping[str, str] = {
    "\t": "indent with spaces, not with a tab",
    ":": "text with a colon and a blank in it wants quotes",
    **{sign: f"text that begins with {sign} wants quotes" for sign in "*@`%"},
}
_TOO_DEEP = f"nested too deep; expected at most {MAX_DEPTH} levels"

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of the document down."""

Scalar = str | int | float | bool | None

# Only the parser is used, so which loader matters for speed alone; PyYAML may lack the C one.
LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# More digits stay text: int() of a long enough text raises, and no setting wants them.
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}")
_WORDS: Mapping[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it starts. `size` and `height` count the nodes below it and itself.

    Long text is as large as several nodes.
    """

    mark: Mark
    value: Scalar | tuple[Node, ...] | Mapping[str, tuple[Mark, Node]]
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A document that was read: `file` is the name to show, `problems` the faults of its YAML."""

    file: str
    root: Node
    problems: tuple[Problem, ...] = ()

    def problem(self, path: KeyPath, text: str, *, missing: str = "") -> Problem:
        """A problem of the value at `path`, or of the absence of its key `missing`."""
        mark, found = self._walk(path, at_key=bool(missing))
        return self._problem(mark, (*found, missing) if missing else found, text)

    def key_problem(self, path: KeyPath, text: str) -> Problem:
        """A problem of the key at the end of `path` rather than of its value."""
        return self._problem(*self._walk(path, at_key=True), text)

    def line(self, path: KeyPath) -> int:
        """The line of the value at `path`."""
        return self._walk(path, at_key=False)[0].line

    def _problem(self, mark: Mark, path: KeyPath, text: str) -> Problem:
        return Problem(self.file, mark.line, mark.column, dotted(path), text)

    def _walk(self, path: KeyPath, *, at_key: bool) -> tuple[Mark, KeyPath]:
        """The place of `path`, and the part of it that stands in the text.

        A short form (a feed as a URL, a page as a list) lacks the key it implies: that part is
        passed over.
        """
        node, mark, found = self.root, self.root.mark, list[str | int]()
        for part in path:
            if isinstance(node.value, tuple) and isinstance(part, int):
                node = node.value[part]
                mark = node.mark
            elif isinstance(node.value, Mapping) and isinstance(part, str) and part in node.value:
                key_mark, node = node.value[part]
                mark = key_mark if at_key else node.mark
            else:
                continue
            found.append(part)
        return mark, tuple(found)


def read_source(text: str, file: str, *, loader: type = LOADER) -> Source:
    """The one document of `text`; raises ConfigError where there is no reading on."""
    _check_encoding(text, file)
    reading = _Reading(file, yaml.parse(text, Loader=loader))
    try:
        root = _read_document(reading)
    except yaml.MarkedYAMLError as error:
        mark, hint = _place_of(error, text)
        raise reading.fatal(mark, (), f"not YAML: {error.problem}{hint}") from error
    except yaml.reader.ReaderError as error:
        # The position counts bytes in the one loader, characters in the other.
        at = text.index(chr(error.character))
        mark = Mark(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
        words = f"the character U+{error.character:04X} cannot stand in YAML"
        raise reading.fatal(mark, (), words) from error
    if root is None or root.value is None:
        raise reading.fatal(Mark(1, 1), (), EMPTY)
    return Source(file, root, tuple(reading.problems))


def _place_of(error: yaml.MarkedYAMLError, text: str) -> tuple[Mark, str]:
    """Where reading ended, and what helps where the character there tells what was meant."""
    marks = [mark for mark in (error.context_mark, error.problem_mark) if mark is not None]
    lines = text.split("\n")
    # An alias without a name is met at its end.
    for mark in marks:
        line = lines[mark.line] if mark.line < len(lines) else ""
        hint = _HINTS.get(line[mark.column : mark.column + 1])
        if hint is not None:
            return Mark(mark.line + 1, mark.column + 1), f"; {hint}"
    return (Mark(marks[-1].line + 1, marks[-1].column + 1) if marks else Mark(1, 1)), ""


def plain(node: Node) -> object:
    """The value of `node` as lists, dicts and scalars."""
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    if isinstance(node.value, Mapping):
        return {key: plain(child) for key, (_, child) in node.value.items()}
    return node.value


def blanks(node: Node, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of every null below `node`."""
    if isinstance(node.value, tuple):
        for index, item in enumerate(node.value):
            yield from blanks(item, (*path, index))
    elif isinstance(node.value, Mapping):
        for key, (_, child) in node.value.items():
            yield from blanks(child, (*path, key))
    elif node.value is None:
        yield path


def dotted(path: KeyPath) -> str:
    """`sites.a.feeds[0].url`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{shown_key(part)}" for part in path)
    return text.removeprefix(".")


# ------------------------------------------------------------- events -> nodes


@dataclass(slots=True)
class _Reading:
    """What one reading of a document carries along."""

    file: str
    events: Iterator[yaml.Event]
    problems: list[Problem] = field(default_factory=list)
    # None while the anchored node is still being read.
    anchors: dict[str, Node | None] = field(default_factory=dict)

    def report(self, mark: Mark, path: KeyPath, text: str) -> None:
        self.problems.append(Problem(self.file, mark.line, mark.column, dotted(path), text))

    def fatal(self, mark: Mark, path: KeyPath, text: str) -> ConfigError:
        self.report(mark, path, text)
        return ConfigError(tuple(self.problems))


def _check_encoding(text: str, file: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise ConfigError((Problem(file, 1, 1, "", NOT_UTF8),)) from None
    if size > MAX_BYTES:
        raise ConfigError((Problem(file, 1, 1, "", TOO_LARGE),))


def _read_document(reading: _Reading) -> Node | None:
    root = None
    for event in reading.events:
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise reading.fatal(_mark(event), (), "a second document; expected one")
            root = _read_node(reading, next(reading.events), ())
    return root


def _read_node(reading: _Reading, event: yaml.Event, path: KeyPath) -> Node:
    mark = _mark(event)
    if isinstance(event, yaml.AliasEvent):
        return _read_alias(reading, event, path)
    if len(path) >= MAX_DEPTH:
        raise reading.fatal(mark, path, _TOO_DEEP)
    assert isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent)
    if event.tag not in (None, "!"):
        reading.report(mark, path, "a tag (!...); expected a value without one")
    if event.anchor is not None:
        reading.anchors[event.anchor] = None
    if isinstance(event, yaml.ScalarEvent):
        node = Node(mark, _scalar(event), 1 + len(event.value) // _TEXT_PER_NODE)
    elif isinstance(event, yaml.SequenceStartEvent):
        node = _read_sequence(reading, mark, path)
    else:
        node = _read_mapping(reading, mark, path)
    if event.anchor is not None:
        reading.anchors[event.anchor] = node
    return node


def _read_alias(reading: _Reading, event: yaml.AliasEvent, path: KeyPath) -> Node:
    mark, name = _mark(event), event.anchor or ""
    if name not in reading.anchors:
        raise reading.fatal(mark, path, f"the alias *{shown_key(name)} names no anchor")
    node = reading.anchors[name]
    if node is None:
        raise reading.fatal(mark, path, f"the alias *{shown_key(name)} holds itself")
    if len(path) + node.height > MAX_DEPTH:
        raise reading.fatal(mark, path, _TOO_DEEP)
    return node


def _read_sequence(reading: _Reading, mark: Mark, path: KeyPath) -> Node:
    items = list[Node]()
    size = 1
    while not isinstance(event := next(reading.events), yaml.SequenceEndEvent):
        items.append(_read_node(reading, event, (*path, len(items))))
        size += items[-1].size
        _check_size(reading, size, mark, path)
    return Node(mark, tuple(items), size, 1 + max((item.height for item in items), default=0))


def _read_mapping(reading: _Reading, mark: Mark, path: KeyPath) -> Node:
    entries = dict[str, tuple[Mark, Node]]()
    size = height = 1
    while not isinstance(event := next(reading.events), yaml.MappingEndEvent):
        key_mark, key = _mark(event), _read_key(reading, event, path)
        node = _read_node(reading, next(reading.events), (*path, key))
        size, height = size + node.size, max(height, 1 + node.height)
        _check_size(reading, size, mark, path)
        if key in entries:
            first = entries[key][0].line
            text = f"the key stands twice; the first is in line {first}"
            reading.report(key_mark, (*path, key), text)
        else:
            entries[key] = (key_mark, node)
    return Node(mark, entries, size, height)


def _check_size(reading: _Reading, size: int, mark: Mark, path: KeyPath) -> None:
    if size > MAX_NODES:
        raise reading.fatal(
            mark, path, f"too much; expected at most {MAX_NODES} values, aliases expanded"
        )


def _read_key(reading: _Reading, event: yaml.Event, path: KeyPath) -> str:
    if not isinstance(event, yaml.ScalarEvent):
        raise reading.fatal(_mark(event), path, "a key that is not text; expected `key: value`")
    if event.value == "<<" and event.implicit[0]:
        text = "a merge key (<<); expected every key written out"
        raise reading.fatal(_mark(event), path, text)
    return str(event.value)


def _scalar(event: yaml.ScalarEvent) -> Scalar:
    text = str(event.value)
    # Quoted, a block of text, or called text by a lone `!`.
    if not event.implicit[0] or event.tag is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FRACTION.fullmatch(text) else text


def _mark(event: yaml.Event) -> Mark:
    assert event.start_mark is not None  # both parsers set it
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)

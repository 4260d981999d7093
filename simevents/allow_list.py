"""What of a call may be shown or written down: an allow list of names, and what replaces the rest.

`allow_list.json` has it for each action that the fake covers; tools/allow_list.py derives it from
the vendor's packages. The fake's journal and the cassettes use the same list. Nothing here
reads a request.
"""

import ast
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

SCRUBBED = "scrubbed"
"""Replaces a text that is not on the list."""
SCRUBBED_ACCOUNT_ID = "1000000000000000"
"""Replaces an account id, which programs may read as a number."""
NO_NAME = "(not a parameter name)"
NO_ACTION = "(not an action name)"
LONGEST_NAME = 64
"""Characters of an action's or a parameter's name; no documented name is as long."""

_LONGEST_LITERAL = 10_000
"""Characters of a value that is read as Python writes it."""

Scalar = str | int | float | bool | None

_LIST_POSITION = re.compile(r"\.[0-9]{1,9}(?=\.|$)")
_NAME = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)

# One search decides about nearly all values: they have nothing to replace.
_NOTABLE = re.compile(
    r"[{<@]|%40|acs(?:[:.]|%3A)|\.mns\.|[0-9]{14}|LTAI|CAIS|eyJ|STS\.|TMP\.|-----BEGIN"
    r"|(?:passw(?:or)?d|passphrase|pwd|secret|token)(?:\W*[=:]|%3[AD])",
    re.IGNORECASE,
)
# A text with a structure of its own, an access key id, an STS token, a JWT, a key block, an
# address with a user, a "password=…". The bounds keep the search short in a long text.
_OPAQUE = re.compile(
    r"[{<]|(?<![A-Za-z0-9])(?:LTAI|STS\.|TMP\.)\w{4,}|LTAI\w{12}|CAIS[\w+/%-]{12}"
    r"|eyJ[\w-]{4,500}\.[\w-]{0,4000}\.|-----BEGIN"
    r"|(?i:(?://|%2F%2F)[^\s/?#]{1,200}(?:@|%40))"
    r"|(?i:(?:passw(?:or)?d|passphrase|pwd|secret|token)(?:\W*[=:]|%3[AD]))"
)
_SECRET_NAME = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|certificate|assertion|user_?data"
    r"|(?:private|access|api|server)[_-]?key",
    re.IGNORECASE,
)
_SEPARATOR = r"(?::|%3A|%3a)"
_ARN = re.compile(rf"(acs{_SEPARATOR}[\w*-]*{_SEPARATOR}[\w*-]*{_SEPARATOR})[0-9]+", re.IGNORECASE)
_ARN_OF_PERSON = re.compile(rf"({_SEPARATOR}user(?:/|%2F))[^\s\"',]+", re.IGNORECASE)
_ARN_OF_SESSION = re.compile(r"(assumed-role(?:/|%2F)[\w.@-]+(?:/|%2F))[^\s\"',]+", re.IGNORECASE)
# The subject of an event on a bus, and the host of a queue.
_SUBJECT = re.compile(r"(acs\.\w+:[\w-]*:)[0-9]+(?=:)")
_QUEUE_HOST = re.compile(r"(?<![\w.-])[0-9]+(?=\.mns\.)")
_LONG_NUMBER = re.compile(r"(?<![\w.%-])[0-9]{14,20}(?![\w-])")
# An account id of today's length within a word. The id of a resource stays, whatever its digits.
_GLUED_NUMBER = re.compile(
    r"(?P<id>(?<![\w.-])(?:i|e|d|s|m|t|c|sg|sgr|vpc|vsw|vtb|vrt|eni|eip|rg|lt|ds|dh|snap)-[a-z0-9]+)"
    r"|(?:(?<![0-9])(?<![0-9]\.)|(?<=%[0-9][0-9]))[0-9]{16}(?![0-9])"
)
_SMALLEST_ACCOUNT_ID = 10**11

_SHORT = 64
_PUNCTUATION = ".,:;()[]'\"!?%"

ERROR_MEMBERS = {
    "Code": re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}|[1-5][0-9]{2}"),
    "HostId": re.compile(
        r"[a-z0-9.-]+\.(?:aliyuncs|aliyun|alibabacloud)\.com|(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?"
    ),
    "Message": None,
    "Recommend": re.compile(
        r"https://api\.(?:aliyun|alibabacloud)\.com/troubleshoot"
        r"\?q=[\w.-]{0,100}&product=\w{1,30}(?:&requestId=[0-9A-Fa-f-]{36})?"
    ),
    "RequestId": re.compile(r"[0-9A-Fa-f-]{36}"),
}
"""The members of an error, with the form of those that are no free text."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one kind: of parameters, without list positions, or of answer members, dotted."""

    kept: frozenset[str]
    withheld: frozenset[str]
    """Known, and replaced."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list has for one action."""

    parameters: Names
    members: Names


def load() -> None:
    """Read the list now rather than at the first use: a program may patch what reads files."""
    _table()


def listed(version: str, action: str) -> Listed | None:
    """The names of *action*; None when it is not on the list."""
    return _table().actions.get((version, action.lower()))


def is_kept_parameter(name: str) -> bool:
    """Whether the parameter is kept for any action; list positions do not count."""
    return plain(name) in _table().parameters


def plain(name: str) -> str:
    """A parameter's name without list positions: ``Tag.Key`` for ``Tag.1.Key``."""
    return _LIST_POSITION.sub("", name)


def shown_name(name: str) -> str:
    """*name*, or `NO_NAME` for what is no name: a key, or a body that was taken for a name."""
    return name if _NAME.fullmatch(name) and _is_harmless(name) else NO_NAME


def shown_action(name: str) -> str:
    """*name*, or `NO_ACTION` if it is longer than an action's or looks like a key.

    Other characters than those of names stay, so that a caller's mistake can be seen.
    """
    return name if _is_harmless(name) else NO_ACTION


def _is_harmless(name: str) -> bool:
    return len(name) <= LONGEST_NAME and clean(name) == name


def shown_parameters(parameters: Mapping[str, str]) -> dict[str, str]:
    """Parameters by name; values of names that are not on the list are replaced."""
    shown = {}
    for name, value in parameters.items():
        label, is_kept = _shown(name) if len(name) <= LONGEST_NAME else (NO_NAME, False)
        shown[label] = clean(value) if is_kept else str(masked(value))
    return shown


def shown_taught_parameters(parameters: Mapping[str, str]) -> dict[str, str]:
    """Parameters of a call whose answer a test has taught: the test knows what they may have.

    Values of names that mean a secret are replaced, also within JSON, and so is what looks like
    a key or an account id in other values.
    """
    shown = {}
    for name, value in parameters.items():
        label = shown_name(name) if len(name) <= LONGEST_NAME else NO_NAME
        if label == NO_NAME or _is_secret(label):
            shown[label] = str(masked(value))
        else:
            shown[label] = shown_text(value)
    return shown


def _is_secret(name: str) -> bool:
    return not is_kept_parameter(name) and _SECRET_NAME.search(name) is not None


def shown_text(value: str) -> str:
    """A text that may be shown, also JSON: without keys, account ids and what means a secret."""
    if not value.startswith(("{", "[")):
        return clean(value)
    try:
        return json.dumps(_shown_json(_read(value)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return SCRUBBED


def _read(value: str) -> Any:
    """JSON, or what Python writes for it, as the vendor's examples do. Raises what json does."""
    try:
        return json.loads(value)
    except ValueError:
        if len(value) > _LONGEST_LITERAL:
            raise
    try:
        return json.loads(json.dumps(ast.literal_eval(value)))
    except (SyntaxError, TypeError, MemoryError) as error:
        raise ValueError(f"neither JSON nor written by Python: {type(error).__name__}") from None


def _shown_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            shown_name(name): _masked_json(member) if _is_secret(name) else _shown_json(member)
            for name, member in value.items()
        }
    if isinstance(value, list):
        return [_shown_json(item) for item in value]
    if isinstance(value, str):
        return shown_text(value)
    is_account = isinstance(value, int) and abs(value) >= _SMALLEST_ACCOUNT_ID
    return masked(value) if is_account else value


def _masked_json(value: Any) -> Scalar:
    return SCRUBBED if isinstance(value, dict | list) else masked(value)


@lru_cache(maxsize=4_096)
def _shown(name: str) -> tuple[str, bool]:
    return shown_name(name), is_kept_parameter(name)


def masked(value: Scalar) -> Scalar:
    """What replaces *value*: of the same type, and empty when it is empty."""
    if isinstance(value, str):
        if not value:
            return value
        return SCRUBBED_ACCOUNT_ID if value.isdecimal() else SCRUBBED
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return int(SCRUBBED_ACCOUNT_ID) if value >= _SMALLEST_ACCOUNT_ID else 0
    return value if value is None else 0.0


def clean(value: str) -> str:
    """The text of a name that is kept, without account ids.

    A text that has a structure of its own or looks like a key is replaced.
    """
    return _clean_short(value) if len(value) <= _SHORT else _cleaned(value)


@lru_cache(maxsize=10_000)
def _clean_short(value: str) -> str:
    """Cached, because most calls name the same instances."""
    return _cleaned(value)


def _cleaned(value: str) -> str:
    if _NOTABLE.search(value) is None:
        return value
    if _OPAQUE.search(value):
        return SCRUBBED
    value = _ARN.sub(rf"\g<1>{SCRUBBED_ACCOUNT_ID}", value)
    value = _ARN_OF_PERSON.sub(rf"\g<1>{SCRUBBED}", value)
    value = _ARN_OF_SESSION.sub(rf"\g<1>{SCRUBBED}", value)
    value = _SUBJECT.sub(rf"\g<1>{SCRUBBED_ACCOUNT_ID}", value)
    value = _QUEUE_HOST.sub(SCRUBBED_ACCOUNT_ID, value)
    value = _LONG_NUMBER.sub(SCRUBBED_ACCOUNT_ID, value)
    return _GLUED_NUMBER.sub(lambda found: found["id"] or SCRUBBED_ACCOUNT_ID, value)


def clean_message(text: str, said: Collection[str] = ()) -> str:
    """An error's message: words that are not on the list are replaced.

    *said* are values of the request that are kept; a message may repeat them.
    """
    return " ".join(_word(word, said) for word in text.split(" "))


def _word(word: str, said: Collection[str]) -> str:
    core = word.strip(_PUNCTUATION)
    table = _table()
    is_known = (
        not core
        or core.lower() in table.message_words
        or core.removesuffix(".N") in table.names
        or (core in said and clean(core) == core)
    )
    return word if is_known else SCRUBBED


@dataclass(frozen=True, slots=True)
class _Table:
    actions: dict[tuple[str, str], Listed]
    """By API version and action in lower case."""
    parameters: frozenset[str]
    """All that are kept for an action."""
    names: frozenset[str]
    message_words: frozenset[str]


@cache
def _table() -> _Table:
    raw = json.loads(files(__package__).joinpath("allow_list.json").read_text())
    actions = {}
    names = set()
    for name, entry in raw["actions"].items():
        _, version, action = name.split("/")
        found = Listed(_names(entry["parameters"]), _names(entry["members"]))
        actions[version, action.lower()] = found
        names.add(action)
        for kind in (found.parameters, found.members):
            for dotted in kind.kept | kind.withheld:
                names |= {dotted, *dotted.split(".")}
    kept = {name for entry in actions.values() for name in entry.parameters.kept}
    return _Table(actions, frozenset(kept), frozenset(names), frozenset(raw["message_words"]))


def _names(entry: dict[str, list[str]]) -> Names:
    return Names(frozenset(entry["kept"]), frozenset(entry["withheld"]))

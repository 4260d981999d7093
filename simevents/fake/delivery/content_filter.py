"""Filters on the text of an event: keywords, and the part of the query language of SLS for words.

``a and b or not c`` is read as in the query language of Simple Log Service: ``not`` binds most,
then ``and``, then ``or``; words side by side are joined by ``and``; parentheses and quotes are
known, ``*`` and ``?`` stand for any text and any character, ``name: value`` asks for a member.
Words are compared without case. Comparisons of numbers and analyses (``|``) are refused.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Content = Mapping[str, Any]
"""The content of an event."""

_LONGEST = 4_096
_DEEPEST = 32
_TOKEN = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<sign>[():])|(?P<word>[^\s():"]+))')
_UNSUPPORTED = re.compile(r"[|<>]|^\[|^in$", re.IGNORECASE)

RELATIONS = ("OR", "AND", "NOT")
"""How the keywords of a KeywordFilter belong together: any, all or none of them is there."""


class BadFilter(ValueError):
    """A filter that cannot be read; its text says why."""


@dataclass(frozen=True, slots=True)
class _Searched:
    """The content of one event, prepared for many words."""

    text: str
    """In lower case."""
    members: Mapping[str, str]
    """The text of each member, by its name in lower case."""


_Test = Callable[[_Searched], bool]


@dataclass(frozen=True, slots=True)
class ContentFilter:
    """A filter that has been read."""

    test: _Test | None
    """None fits everything."""

    def fits(self, content: Content) -> bool:
        return self.test is None or self.test(_searched(content))


@lru_cache(maxsize=256)
def query(text: str) -> ContentFilter:
    """The filter ``a and b or not c``; an empty one fits everything. Raises BadFilter."""
    if len(text) > _LONGEST:
        raise BadFilter(f"longer than {_LONGEST} characters")
    tokens = _tokens(text)
    return ContentFilter(_Parser(tokens).whole() if tokens else None)


def keywords(words: Sequence[str], relation: str) -> ContentFilter:
    """A KeywordFilter; without words it fits everything. Raises BadFilter."""
    joined = relation.upper() or "OR"
    if joined not in RELATIONS:
        raise BadFilter(f"{relation!r} is not a relation; use OR, AND or NOT")
    sought = [word.lower() for word in words if word]

    def test(searched: _Searched) -> bool:
        found = [word in searched.text for word in sought]
        if joined == "NOT":
            return not any(found)
        return not found or (any(found) if joined == "OR" else all(found))

    return ContentFilter(test)


def _searched(content: Content) -> _Searched:
    text = json.dumps(content, ensure_ascii=False).lower()
    members = {name.lower(): _text(value).lower() for name, value in content.items()}
    return _Searched(text, members)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    is_quoted: bool = False

    def means(self, sign: str) -> bool:
        """Whether this is the operator *sign*, not a quoted word."""
        return not self.is_quoted and self.text.lower() == sign


def _tokens(text: str) -> list[_Token]:
    found, position = [], 0
    while text[position:].strip():
        token = _TOKEN.match(text, position)
        if token is None:
            raise BadFilter("a quotation mark is not closed")
        position = token.end()
        if (quoted := token["quoted"]) is not None:
            found.append(_Token(re.sub(r"\\(.)", r"\1", quoted[1:-1]), is_quoted=True))
        else:
            plain = token["sign"] or token["word"]
            if _UNSUPPORTED.search(plain):
                raise BadFilter(f"{plain!r} is not covered; use words, and, or, not")
            found.append(_Token(plain))
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def whole(self) -> _Test:
        test = self._either()
        if (left := self._peek()) is not None:
            raise BadFilter(f"{left.text!r} is not expected there")
        return test

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _takes(self, sign: str) -> bool:
        token = self._peek()
        if token is None or not token.means(sign):
            return False
        self._next += 1
        return True

    def _either(self) -> _Test:
        tests = [self._both()]
        while self._takes("or"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda s: any(test(s) for test in tests)

    def _both(self) -> _Test:
        tests = [self._one()]
        while (token := self._peek()) is not None and not (token.means("or") or token.means(")")):
            self._takes("and")
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda s: all(test(s) for test in tests)

    def _one(self) -> _Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise BadFilter(f"more than {_DEEPEST} levels")
        try:
            if self._takes("not"):
                test = self._one()
                return lambda s: not test(s)
            if self._takes("("):
                inside = self._either()
                if not self._takes(")"):
                    raise BadFilter("a parenthesis is not closed")
                return inside
            return self._word()
        finally:
            self._depth -= 1

    def _word(self) -> _Test:
        token = self._operand()
        if not self._takes(":"):
            pattern = _pattern(token)
            return lambda s: pattern.match(s.text) is not None
        name = token.text.lower()
        value = _pattern(self._operand(), is_whole=True)
        return lambda s: value.match(s.members.get(name, "")) is not None

    def _operand(self) -> _Token:
        token = self._peek()
        if token is None or any(token.means(sign) for sign in ("and", "or", ")", "(", ":", "not")):
            raise BadFilter(
                "it ends where a word is expected"
                if token is None
                else f"{token.text!r} stands where a word is expected"
            )
        self._next += 1
        return token


def _pattern(token: _Token, *, is_whole: bool = False) -> re.Pattern[str]:
    """What matches a text from its start, if the text has the word or *is_whole* the word.

    In a quoted word, ``*`` and ``?`` are plain characters. Each part between two ``*`` is looked
    for once, as early as possible: to try the other places too would take for ever.
    """
    word = token.text.lower()
    parts = [word] if token.is_quoted else word.split("*")
    escaped = [
        re.escape(part) if token.is_quoted else re.escape(part).replace(r"\?", ".")
        for part in parts
    ]
    if not is_whole:
        return re.compile("".join(f"(?>.*?{part})" for part in escaped), re.DOTALL)
    first, *others = escaped
    if not others:
        return re.compile(rf"{first}\Z", re.DOTALL)
    between = "".join(f"(?>.*?{part})" for part in others[:-1])
    return re.compile(rf"{first}{between}.*{others[-1]}\Z", re.DOTALL)

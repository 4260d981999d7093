"""Reads the XML of requests: the elements and their texts, and nothing else.

Requests come from strangers. A document type is refused, and with it every entity: an entity could
grow to gigabytes or name a file. So are elements within elements beyond what any call has.
"""

from dataclasses import dataclass, field
from xml.parsers import expat

from ..protocol.api_errors import ApiError
from . import errors

DEEPEST = 10
"""Elements within each other; a message with properties has five."""

MOST_ELEMENTS = 10_000
"""Of a document; 16 messages with 100 properties each have fewer."""


@dataclass(slots=True)
class Element:
    """An element by its name without a namespace; attributes are dropped, no call has any."""

    name: str
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def texts(self) -> dict[str, str]:
        """The texts of the children by name; the last one counts."""
        return {child.name: child.text for child in self.children}

    def child(self, name: str) -> "Element | None":
        return next((child for child in self.children if child.name == name), None)


class _Refused(Exception):
    """The document has something that no call needs."""


def read(body: bytes) -> Element:
    """The root of a document. Raises ApiError if it is not well-formed, or refused."""
    parser = expat.ParserCreate(namespace_separator=" ")
    document = Element("")
    path = [document]
    texts: list[list[str]] = [[]]
    count = 0

    def start(name: str, _attributes: object) -> None:
        nonlocal count
        count += 1
        if len(path) > DEEPEST or count > MOST_ELEMENTS:
            raise _Refused
        element = Element(name.rpartition(" ")[2])
        path[-1].children.append(element)
        path.append(element)
        texts.append([])

    def end(_name: str) -> None:
        path.pop().text = "".join(texts.pop())

    def characters(text: str) -> None:
        texts[-1].append(text)

    def refuse(*_arguments: object) -> None:
        raise _Refused

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError, _Refused):
        raise ApiError(errors.MALFORMED_XML) from None
    return document.children[0]

"""A taught answer as JSON: the body of ``POST /_fake/answers``, and the entries of a file."""

import codecs
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ..protocol.api_errors import FAULT_ERRORS
from ..protocol.dispatch import PRODUCTS
from ..protocol.registry import ACTIONS
from ..state.answers import Answer, AnsweredError, plain_members
from .bodies import BadBody, Body, converted
from .fields import Text

_ACTION = re.compile(r"[A-Za-z]\w{0,63}", re.ASCII)
_PATH_CALL = re.compile(r"(?:DELETE|GET|HEAD|PATCH|POST|PUT) /[^\s?#]*")
_DEFAULT_MESSAGE = "The request was refused by an answer of the test."
_OWN_PRODUCTS = frozenset({"ecs", "vpc", "sts"})

_Code = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,99}$")]
_Status = Annotated[int, Meta(ge=400, le=599)]


class NewAnswer(Body, frozen=True):
    """The fields of `Answer`."""

    call: Text
    members: Annotated[
        dict[str, Any], Meta(description="an object with the members of the answer")
    ] = msgspec.field(default_factory=dict)
    product: (
        Annotated[
            str,
            Meta(
                pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$",
                description="a product or the first part of its host, such as Ess or slb",
            ),
        ]
        | None
    ) = None
    error: Annotated[
        _Code | tuple[_Code, str, _Status] | None,
        Meta(
            description="an error code, or code, message and HTTP status (400 to 599), such as "
            '["InvalidScalingGroupId.NotFound", "There is no such group.", 404]'
        ),
    ] = None
    times: (
        Annotated[int, Meta(ge=1, le=10**9, description="a whole number from 1 to 1000000000")]
        | None
    ) = None

    def answer(self) -> Answer:
        """The answer. Raises BadBody."""
        self._check_call()
        if self.error is not None and self.members:
            raise BadBody('"members" and "error" exclude each other; leave one of them out')
        try:
            members = plain_members(self.members)
        except (TypeError, ValueError) as error:
            raise BadBody(f'"members" must be an object of JSON: {error}') from None
        return Answer(self.call, members, self.product or "", self._error(), self.times)

    def _check_call(self) -> None:
        if not (_ACTION.fullmatch(self.call) or _PATH_CALL.fullmatch(self.call)):
            raise BadBody(
                '"call" must be an action such as DetachInstances, or a method and a path such as '
                f"POST /clusters/c1/nodes, not {self.call[:100]!r}"
            )
        assert PRODUCTS  # the import registers the actions
        own = {name for _, name in ACTIONS}
        is_own_product = self.product is None or self.product.lower() in _OWN_PRODUCTS
        if self.call.lower() in own and is_own_product:
            raise BadBody(
                f'"call" must be one that the fake does not answer itself, not {self.call!r}; for '
                'an action of this name in another product give "product"'
            )

    def _error(self) -> AnsweredError | None:
        if self.error is None:
            return None
        if isinstance(self.error, tuple):
            return AnsweredError(*self.error)
        known = FAULT_ERRORS.get(self.error)
        if known is None:
            return AnsweredError(self.error, _DEFAULT_MESSAGE, 400)
        return AnsweredError(known.code, known.text, known.status)


def answer(given: dict[str, Any]) -> Answer:
    """The answer that the fields in *given* describe. Raises BadBody."""
    return converted(given, NewAnswer).answer()


def read_file(file: Path) -> list[Answer]:
    """The answers in *file*, a list of JSON. Raises BadBody with the entry and its field."""
    try:
        content = file.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise BadBody(f"{file} cannot be read: {error.strerror}") from None
    try:
        entries = msgspec.json.decode(content)
    except (ValueError, RecursionError) as error:
        raise BadBody(f"{file} is not JSON: {error}") from None
    if not isinstance(entries, list):
        raise BadBody(f'{file} must have a list, such as [{{"call": "DetachInstances"}}]')
    answers = []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            raise BadBody(f"{file}, entry {number} must be an object")
        try:
            answers.append(answer(entry))
        except BadBody as error:
            raise BadBody(f"{file}, entry {number}: {error}") from None
    return answers

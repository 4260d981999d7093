"""The XML of the queues' answers: which there are, and the digests of messages in them."""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from .documents import MESSAGE, digest
from .queue_calls import local_name

ANSWER_ROOTS = frozenset(
    {"ChangeVisibility", "Error", "Errors", "Message", "Messages", "Queue", "Queues"}
)
_DIGEST = "MessageBodyMD5"


def renew_digests(root: ElementTree.Element, sent: Sequence[str]) -> None:
    """Make each digest in *root* that of the message as it is written, since clients compare them.

    An answer to a send has digests only; *sent* are the messages of its request, in order.
    """
    of_request = iter(sent)
    for message in _messages(root):
        members = {local_name(child.tag): child for child in message}
        has_failed = "ErrorCode" in members
        body = members[MESSAGE].text if MESSAGE in members else next(of_request, None)
        if _DIGEST in members and not has_failed and body is not None:
            members[_DIGEST].text = digest(body)


def _messages(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    if local_name(root.tag) == "Message":
        yield root
    elif local_name(root.tag) == "Messages":
        yield from root

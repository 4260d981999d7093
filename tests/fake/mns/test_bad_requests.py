"""What the data plane refuses, with which status and code; nothing is changed by it."""

from collections.abc import Callable

import httpx
import pytest

from simevents.fake.mns import xml_reader
from simevents.fake.protocol.api_errors import ApiError
from tests.conftest import Cloud
from tests.fake.mns.data_plane import START, call, code_of, members_of, message, xml

Q = "/queues/q"
M = f"{Q}/messages"
HANDLE = "1-1-0123456789abcdef"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><Message><MessageBody>&c;</MessageBody></Message>'
)
A_FILE = (
    '<?xml version="1.0"?><!DOCTYPE m [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    "<Message><MessageBody>&f;</MessageBody></Message>"
)


@pytest.fixture
def ask(cloud: Cloud) -> Callable[..., httpx.Response]:
    assert call(cloud.url, "PUT", Q).status_code == 201

    def asked(method: str, target: str, body: str = "", **headers: str) -> httpx.Response:
        return call(cloud.url, method, target, body, **headers)

    return asked


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        ("PUT", "/queues/a_b", "", (400, "InvalidQueueName")),
        ("PUT", "/queues/-a", "", (400, "InvalidQueueName")),
        ("PUT", "/queues/%C3%BC", "", (400, "InvalidQueueName")),
        ("PUT", f"/queues/{'a' * 121}", "", (400, "QueueNameLengthError")),
        ("PUT", "/queues/n", "<Queue>", (400, "MalformedXML")),
        ("PUT", "/queues/n", xml("Topic", ""), (400, "InvalidArgument")),
        (
            "PUT",
            "/queues/n",
            xml("Queue", "<DelaySeconds>-1</DelaySeconds>"),
            (400, "InvalidArgument"),
        ),
        (
            "PUT",
            "/queues/n",
            xml("Queue", "<DelaySeconds>604801</DelaySeconds>"),
            (400, "InvalidArgument"),
        ),
        (
            "PUT",
            "/queues/n",
            xml("Queue", "<DelaySeconds>١</DelaySeconds>"),
            (400, "InvalidArgument"),
        ),
        (
            "PUT",
            "/queues/n",
            xml("Queue", "<LoggingEnabled>maybe</LoggingEnabled>"),
            (400, "InvalidArgument"),
        ),
        (
            "PUT",
            "/queues/n",
            xml("Queue", "<DlqPolicy><Enabled>true</Enabled></DlqPolicy>"),
            (400, "InvalidArgument"),
        ),
        ("PUT", f"{Q}?metaoverride=maybe", "", (400, "InvalidQueryString")),
        ("PUT", "/queues/n?metaoverride=true", "", (404, "QueueNotExist")),
        ("GET", "/queues/n", "", (404, "QueueNotExist")),
        ("GET", "/queues/n/messages", "", (404, "QueueNotExist")),
        ("POST", "/queues/n/messages", message("a"), (404, "QueueNotExist")),
        ("GET", M, "", (404, "MessageNotExist")),
        ("GET", f"{M}?peekonly=true", "", (404, "MessageNotExist")),
        ("GET", f"{M}?numOfMessages=0", "", (400, "InvalidArgument")),
        ("GET", f"{M}?numOfMessages=17", "", (400, "InvalidArgument")),
        ("GET", f"{M}?waitseconds=31", "", (400, "InvalidArgument")),
        ("GET", f"{M}?waitseconds=x", "", (400, "InvalidArgument")),
        ("GET", f"{M}?peekonly=x", "", (400, "InvalidQueryString")),
        ("POST", M, "", (400, "MalformedXML")),
        ("POST", M, "no xml", (400, "MalformedXML")),
        ("POST", M, LAUGHS, (400, "MalformedXML")),
        ("POST", M, A_FILE, (400, "MalformedXML")),
        ("POST", M, "<a>" * 20_000 + "</a>" * 20_000, (400, "MalformedXML")),
        ("POST", M, xml("Queue", ""), (400, "InvalidArgument")),
        ("POST", M, xml("Message", ""), (400, "InvalidArgument")),
        ("POST", M, message("a" * 65_537), (400, "InvalidArgument")),
        ("POST", M, message("a", "<Priority>17</Priority>"), (400, "InvalidArgument")),
        ("POST", M, message("a", "<Priority>0</Priority>"), (400, "InvalidArgument")),
        ("POST", M, message("a", "<DelaySeconds>x</DelaySeconds>"), (400, "InvalidArgument")),
        ("POST", M, xml("Messages", ""), (400, "InvalidArgument")),
        ("POST", M, xml("Messages", "<Message/>" * 17), (400, "InvalidArgument")),
        ("DELETE", M, "", (400, "MissingReceiptHandle")),
        ("DELETE", f"{M}?ReceiptHandle=x", "", (400, "ReceiptHandleError")),
        ("DELETE", f"{M}?ReceiptHandle={HANDLE}", "", (404, "MessageNotExist")),
        ("DELETE", M, xml("ReceiptHandles", ""), (400, "InvalidArgument")),
        ("PUT", f"{M}?VisibilityTimeout=5", "", (400, "MissingReceiptHandle")),
        ("PUT", f"{M}?ReceiptHandle={HANDLE}", "", (400, "MissingVisibilityTimeout")),
        ("PUT", f"{M}?ReceiptHandle={HANDLE}&VisibilityTimeout=0", "", (400, "InvalidArgument")),
        ("PATCH", Q, "", (400, "InvalidRequestURL")),
        ("POST", Q, "", (400, "InvalidRequestURL")),
        ("PATCH", M, "", (400, "InvalidRequestURL")),
        ("GET", f"{Q}/others", "", (400, "InvalidRequestURL")),
        ("GET", f"{M}/1", "", (400, "InvalidRequestURL")),
    ],
)
def test_a_bad_request_is_refused_with_the_vendors_code(
    cloud: Cloud,
    ask: Callable[..., httpx.Response],
    method: str,
    target: str,
    body: str,
    expected: tuple[int, str],
) -> None:
    answer = ask(method, target, body)
    (*_, entry) = cloud.get("calls")

    assert code_of(answer) == expected
    assert (entry["status"], entry["code"], entry["unexpected"]) == (*expected, False)
    assert members_of(ask("GET", "/queues").content)["Queue"] == [
        {"QueueURL": f"{cloud.url}/queues/q"}
    ]


@pytest.mark.parametrize(
    "target", ["/topics", "/topics/t", "/topics/t/messages", "/?accountmeta=true"]
)
def test_what_is_not_served_is_answered_404_and_marked(cloud: Cloud, target: str) -> None:
    answer = call(cloud.url, "GET", target)
    (marked,) = cloud.get("calls?unexpected=1")
    cloud.post("reset")

    assert code_of(answer) == (404, "InvalidRequestURL")
    assert marked["action"] == f"GET {target.partition('?')[0]}"
    assert marked["problem"].startswith("The fake cloud serves no topics and no ")


def test_an_unknown_name_in_the_query_is_ignored_and_marked(
    cloud: Cloud, ask: Callable[..., httpx.Response]
) -> None:
    answer = ask("GET", f"{Q}?colour=blue")
    (marked,) = cloud.get("calls?unexpected=1")
    cloud.post("reset")

    assert answer.status_code == 200
    assert marked["problem"] == "GetQueueAttributes has no parameter colour."


@pytest.mark.parametrize(
    ("number", "expected"),
    [("0", (400, "InvalidArgument")), ("1001", (400, "InvalidArgument"))],
)
def test_a_list_has_at_most_1000_queues(
    ask: Callable[..., httpx.Response], number: str, expected: tuple[int, str]
) -> None:
    assert code_of(ask("GET", "/queues", x_mns_ret_number=number)) == expected


def test_a_request_without_its_headers_is_refused_first(cloud: Cloud) -> None:
    answer = httpx.post(f"{cloud.url}/queues/a_b", content=b"no xml")

    assert code_of(answer) == (400, "MissingAuthorizationHeader")


def test_a_body_without_bounds_is_refused(cloud: Cloud) -> None:
    answer = httpx.post(f"{cloud.url}{M}", content=b"a" * 8_000_001)

    assert answer.status_code == 413


def test_16_messages_of_the_largest_size_with_escapes_are_accepted(
    ask: Callable[..., httpx.Response],
) -> None:
    one = f"<Message><MessageBody>{'&amp;' * 65_536}</MessageBody></Message>"

    assert ask("POST", M, xml("Messages", one * 16)).status_code == 201


def test_an_error_has_four_members_and_the_namespace_that_the_java_client_reads(
    cloud: Cloud, ask: Callable[..., httpx.Response]
) -> None:
    answer = ask("GET", M)
    request_id = answer.headers["x-mns-request-id"]
    host = cloud.url.removeprefix("http://")

    assert answer.content.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><Error xmlns="http://mns.aliyuncs.com/doc/v1">'
        "<Code>MessageNotExist</Code><Message>Message not exist.</Message>"
        f"<RequestId>{request_id}</RequestId><HostId>{host}</HostId></Error>"
    )
    assert answer.headers["content-type"] == "text/xml;charset=utf-8"
    assert answer.headers["x-mns-version"] == "2015-06-06"


def test_names_in_the_query_and_namespaces_may_be_spelled_otherwise(
    ask: Callable[..., httpx.Response],
) -> None:
    prefixed = '<m:Message xmlns:m="http://mns.aliyuncs.com/doc/v1/"><m:MessageBody>a</m:MessageBody></m:Message>'
    ask("POST", M, prefixed)
    received = members_of(ask("GET", f"{M}?NUMOFMESSAGES=1&WaitSeconds=0").content)
    handle = received["Message"][0]["ReceiptHandle"]
    changed = ask("PUT", f"{M}?receiptHandle={handle}&visibilityTimeout=5")

    assert changed.status_code == 200


def test_an_element_is_read_with_its_children_and_texts() -> None:
    root = xml_reader.read(f"{START}<a><b>1</b><b>2 &lt;&#13;</b><c/></a>".encode())

    assert (root.name, root.texts()) == ("a", {"b": "2 <\r", "c": ""})


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_other_encodings_are_read(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?><a>ü</a>'.encode(encoding)

    assert xml_reader.read(body).text == "ü"


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"<a>\x00</a>", b"<a/><b/>", b'<?xml version="1.0" encoding="x"?><a/>'],
)
def test_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError, match="MalformedXML"):
        xml_reader.read(body)


def test_a_document_with_too_many_elements_is_refused() -> None:
    """Each of them costs a hundred times the four bytes that it has."""
    count = xml_reader.MOST_ELEMENTS
    assert len(xml_reader.read(b"<a>" + b"<b/>" * (count - 1) + b"</a>").children) == count - 1
    with pytest.raises(ApiError, match="MalformedXML"):
        xml_reader.read(b"<a>" + b"<b/>" * count + b"</a>")

"""Texts of programs and of the cloud are never markup, and never of any length."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from simevents.picture.drawing import svg
from simevents.picture.drill import Attempt, Call, Delivery, Drill, Event, Instance, Step
from simevents.picture.page import POLICY, page
from tests.picture.drills import at, seen

HOSTILE = [
    "<script>alert(1)</script>",
    "</script></style></svg></title><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><a href=javascript:alert(1)>x</a>",
    "]]><!--&lt;!DOCTYPE &#x3c;",
    "\x00\x01\x1b[31m\r\n\u202e\u2028\ud800\ufffe\uffff",
    "javascript:alert(1)",
    "{{7*7}}${7*7}",
]
LONG = "i-" + "x" * 200_000


def everywhere(text: str) -> Drill:
    """A drill with *text* wherever a text can be."""
    of_event = Event(text, text, text, at(0), at(9), (Step(at(0), text), Step(at(1), text)), text)
    known = replace(of_event, instance_id="i-web", history=(Step(at(0), "Executed"),))
    call = Call(at(0), text, {text: text, "RegionId": text}, text, unexpected=True, problem=text)
    delivery = Delivery(
        *(1, at(0), text, text, text, text, text, text, text, text, text, text, text),
        attempts=(Attempt(1, at(0), text, 500, text), Attempt(2, at(0), text)),
    )
    return Drill(
        now=at(60),
        events=(of_event, known),
        calls=(call,),
        deliveries=(delivery,),
        instances=(Instance(text, text, text),),
        title=text,
        notes=(text,),
    )


class Tags(HTMLParser):
    """The elements of a page, with their attributes, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str | None] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value for name, value in attrs if name in ("href", "src")}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_picture_has_the_same_elements_whatever_the_texts(text: str) -> None:
    plain, hostile = seen(everywhere("plain")), seen(everywhere(text))

    assert hostile.tags == plain.tags
    assert "script" not in hostile.tags
    assert len(list(hostile.root.iter())) == len(list(plain.root.iter()))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_has_the_same_elements_whatever_the_texts(text: str) -> None:
    plain, hostile = Tags(page(everywhere("plain"))), Tags(page(everywhere(text)))

    assert (hostile.tags, hostile.attributes) == (plain.tags, plain.attributes)
    assert not {"script", "img", "a", "iframe", "link"} & hostile.tags
    assert not {name for name in hostile.attributes if name.startswith("on")}
    assert all(link and link.startswith("#simevents-") for link in hostile.links)


def test_the_policy_of_a_page_lets_nothing_be_loaded_or_run() -> None:
    assert f'<meta content="{POLICY}" http-equiv="Content-Security-Policy">' in page(
        everywhere("x")
    )
    assert POLICY == "default-src 'none'; style-src 'unsafe-inline'"


@pytest.mark.parametrize("text", HOSTILE)
def test_all_of_it_can_be_written(text: str) -> None:
    assert page(everywhere(text)).encode()
    assert svg(everywhere(text)).encode()


def test_long_texts_are_cut() -> None:
    drill = everywhere(LONG)

    assert len(svg(drill)) < 40_000
    assert len(page(drill)) < 50_000


def test_control_characters_are_written_out() -> None:
    text = page(everywhere("a\x1b[31mb\r\n\u202e"))

    assert "a\\x1b[31mb\\r\\n\\u202e" in text
    assert not {"\x1b", "\r", "\u202e"} & set(text)

"""Texts for users: what they name must be there for people who installed a wheel."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import simevents

PACKAGE = Path(simevents.__file__).parent


def texts(path: Path) -> Iterator[str]:
    """The strings of a module that are not docstrings."""
    tree = ast.parse(path.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str() as text) if id(node) not in docstrings:
                yield text


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_no_text_names_a_page_of_the_checkout_or_a_route(path: Path) -> None:
    named = [text for text in texts(path) if "docs/" in text or "/_fake/actions" in text]

    assert named == []

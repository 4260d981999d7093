"""Builds elements of SVG and HTML; the XML package of the standard library escapes their texts."""

from xml.etree.ElementTree import Element, SubElement


def add(parent: Element, tag: str, text: str = "", **attributes: str | float) -> Element:
    """A new element below *parent*. ``class_`` is class; an underscore within a name is a dash."""
    found = SubElement(parent, tag, _written(attributes))
    if text:
        found.text = text
    return found


def root(tag: str, **attributes: str | float) -> Element:
    return Element(tag, _written(attributes))


def number(value: float) -> str:
    """*value* with one decimal, if it needs one."""
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def _written(attributes: dict[str, str | float]) -> dict[str, str]:
    return {
        name.rstrip("_").replace("_", "-"): value if isinstance(value, str) else number(value)
        for name, value in attributes.items()
    }

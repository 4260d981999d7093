"""Colours, patterns and shapes of a picture.

The colours are those of Okabe and Ito, which the colour-blind can tell apart; each is at
a shape or pattern of its own, so that nothing is told by colour alone.
"""

from collections.abc import Mapping

INK, PAPER = "ink", "paper"

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "band": "#f5f6f8",
    "ink": "#1c2127",
    "faint": "#5b6570",
    "grid": "#dfe3e8",
    "sky": "#56b4e9",
    "orange": "#e69f00",
    "green": "#007a59",
    "blue": "#0072b2",
    "vermilion": "#c44e00",
    "purple": "#b0578d",
    "grey": "#6b7580",
    "now": "#b0578d",
    "zigzag": "#b9c0c9",
}
DARK: Mapping[str, str] = {
    "paper": "#15181c",
    "band": "#1c2026",
    "ink": "#e7eaee",
    "faint": "#a3adb8",
    "grid": "#323941",
    "sky": "#56b4e9",
    "orange": "#e69f00",
    "green": "#2fc494",
    "blue": "#6cb6ec",
    "vermilion": "#ff8243",
    "purple": "#e08fbd",
    "grey": "#9aa4af",
    "now": "#e08fbd",
    "zigzag": "#4c5661",
}

_FILLS = {
    "paper": "paper",
    "band": "band",
    "title": "ink",
    "text": "ink",
    "small": "faint",
    "fold": "faint",
    "s-inquiring": "grid",
    "s-scheduled": "sky",
    "s-executing": "orange",
    "s-other": "grid",
    "hatch-back": "orange",
    "dots-back": "grid",
    "dot": "faint",
    "e-executed": "ink",
    "e-avoided": "green",
    "e-canceled": "paper",
    "e-failed": "vermilion",
    "call-read": "paper",
    "call-change": "blue",
    "call-failed": "vermilion",
    "call-unexpected": "purple",
    "delivery-acknowledged": "green",
    "delivery-sent": "paper",
    "delivery-waiting": "paper",
    "delivery-failed": "vermilion",
    "due": "ink",
    "now-text": "now",
    "break": "band",
}
_STROKES = {
    "grid": "grid",
    "rule": "grid",
    "hatch": "ink",
    "bar": "faint",
    "planned": "faint",
    "due-line": "ink",
    "e-canceled": "grey",
    "call-read": "ink",
    "delivery-sent": "green",
    "delivery-waiting": "grey",
    "on": "paper",
    "cross": "grey",
    "now": "now",
    "zigzag": "zigzag",
}
_SHAPES = """
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-size:12px}
.title{font-size:18px;font-weight:600}
.small{font-size:10.5px}
.label{font-size:11px}
.fold{font-size:11px;font-style:italic}
.count{font-size:9.5px}
.name{font-family:ui-monospace,"SFMono-Regular",Menlo,"DejaVu Sans Mono",monospace;font-size:11px}
.now-text{font-size:11px;font-weight:600}
.grid,.rule{stroke-width:1}
.bar,.planned,.zigzag{fill:none;stroke-width:1}
.planned{stroke-dasharray:3 3}
.hatch{stroke-width:1.4;stroke-opacity:.55}
.due-line{stroke-width:1.5}
.now{stroke-width:1.5;stroke-dasharray:5 3}
.cross{stroke-width:1.8;fill:none}
.e-canceled,.call-read,.delivery-sent{stroke-width:1.8}
.delivery-waiting{stroke-width:1.5;stroke-dasharray:2 1.5}
.on{stroke-width:1.6;fill:none;stroke-linecap:round;stroke-linejoin:round}
.mid{text-anchor:middle}
.end{text-anchor:end}
"""


def css() -> str:
    """The rules for a picture, in light, in dark, and on paper, which is light."""
    return (
        f"{_SHAPES}{_rules(LIGHT)}@media screen and (prefers-color-scheme:dark){{{_rules(DARK)}}}"
    )


def _rules(palette: Mapping[str, str]) -> str:
    fills = [f".{name}{{fill:{palette[colour]}}}" for name, colour in _FILLS.items()]
    strokes = [f".{name}{{stroke:{palette[colour]}}}" for name, colour in _STROKES.items()]
    return "\n".join([*fills, *strokes]) + "\n"

"""A page of HTML that holds all it needs: the picture, and the same facts in tables.

It has no script, and its policy lets the browser load nothing, so that it works offline and
no text in it can do anything.
"""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, tostring

from .drawing import picture, summary
from .drill import Drill
from .elements import add, root
from .sentences import bounded
from .style import DARK, LIGHT
from .tables import Table, tables

POLICY = "default-src 'none'; style-src 'unsafe-inline'"

MOST_OPEN_ROWS = 100
"""Rows up to which a table is shown at once; a longer one is opened by its heading."""

_CSS = """
:root{color-scheme:light dark}
body{margin:0 auto;padding:16px 20px 40px;max-width:1320px;
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
figure{margin:0;overflow-x:auto}
figure svg{display:block;width:100%;min-width:820px;height:auto}
details{margin-top:22px}
summary{font-size:16px;font-weight:600;cursor:pointer}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin-top:8px;font-size:12.5px;
font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:4px 14px 4px 0;overflow-wrap:anywhere}
th{font-weight:600;white-space:nowrap}
td.c,td.a,td.i{font-family:ui-monospace,"SFMono-Regular",Menlo,"DejaVu Sans Mono",monospace;
font-size:12px}
td.t{white-space:nowrap}
td.a{min-width:19em}
td.i{min-width:14em}
p{max-width:80em}
@media print{body{padding:0;max-width:none}figure{overflow:visible}figure svg{min-width:0}
.scroll{overflow:visible}thead{display:table-header-group}tr{break-inside:avoid}
details::details-content{content-visibility:visible;display:block;block-size:auto}}
"""


def page(drill: Drill) -> str:
    """The whole page, as text."""
    html = root("html", lang="en")
    head = add(html, "head")
    add(head, "meta", charset="utf-8")
    policy = add(head, "meta", content=POLICY)
    policy.set("http-equiv", "Content-Security-Policy")
    add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    title = bounded(drill.title, 200)
    add(head, "title", title)
    dark = "@media screen and (prefers-color-scheme:dark)"
    add(head, "style", f"{_CSS}{_colours(LIGHT)}{dark}{{{_colours(DARK)}}}")
    body = add(html, "body")
    main = add(body, "main")
    add(main, "h1", title, style="position:absolute;left:-9999px")
    figure = add(main, "figure", tabindex="0", role="figure", aria_label="The picture")
    figure.append(picture(drill))
    if not (drill.events or drill.calls or drill.deliveries):
        add(main, "p", f"Nothing has happened. {summary(drill)}")
    for note in drill.notes:
        add(main, "p", bounded(note, 500))
    for table in tables(drill):
        _draw(main, table)
    return f"<!DOCTYPE html>\n{tostring(html, encoding='unicode', method='html')}\n"


def _draw(parent: Element, table: Table) -> None:
    if not table.rows:
        return
    details = add(parent, "details")
    if len(table.rows) <= MOST_OPEN_ROWS:
        details.set("open", "")
    add(details, "summary", table.heading)
    if table.left_out:
        add(details, "p", table.left_out)
    drawn = add(
        *(details, "div"), class_="scroll", tabindex="0", role="region", aria_label=table.heading
    )
    drawn = add(drawn, "table")
    head = add(add(drawn, "thead"), "tr")
    for column in table.columns:
        add(head, "th", column.heading, scope="col")
    body = add(drawn, "tbody")
    kinds = [column.kind for column in table.columns]
    for row in table.rows:
        line = add(body, "tr")
        for kind, text in zip(kinds, row, strict=True):
            if kind:
                add(line, "td", text, class_=kind)
            else:
                add(line, "td", text)


def _colours(palette: Mapping[str, str]) -> str:
    return (
        f"body{{background:{palette['paper']};color:{palette['ink']}}}"
        f"th,td{{border-bottom:1px solid {palette['grid']}}}th{{color:{palette['faint']}}}"
    )

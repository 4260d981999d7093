"""The web application: one page, which every browser gets for itself, over one `Watch`."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui

from .doing import Doing
from .page import Page
from .sources import Source
from .watch import Watch

_ASSETS = Path(__file__).parent / "assets"


def build(source: Source, doing: Doing, at_end: Callable[[], None]) -> FastAPI:
    """The application for a console that reads *source* and acts by *doing*.

    *at_end* is called when it ends.
    """
    watch = Watch(source)
    ui.add_css((_ASSETS / "style.css").read_text(), shared=True)

    @ui.page("/", title="simevents console", dark=None)
    async def console() -> None:
        page = Page(watch, doing)
        await ui.context.client.connected()
        page.start()

    nicegui_app.on_startup(watch.start)
    nicegui_app.on_shutdown(at_end)
    nicegui_app.on_shutdown(watch.stop)
    own = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    ui.run_with(
        own,
        title="simevents console",
        favicon=_ASSETS / "icon.svg",
        language="en-US",
        tailwind=False,
        gzip_middleware_factory=None,
        show_welcome_message=False,
        binding_refresh_interval=None,
        reconnect_timeout=5.0,
        message_history_length=50,
    )
    return own

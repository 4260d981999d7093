"""Other processes of a test: the variables that lead them to the fake, and how they start."""

import os
import subprocess
from datetime import datetime, timedelta
from typing import Any

from ...fake.control.client import Control
from ...way_in.credentials import CREDENTIALS_FILE, CREDENTIALS_URI, NO_METADATA
from ...way_in.variables import WayIn, environment, variables, write_files
from ..network.allowed_hosts import AllowedHosts
from ..network.guard import keep_environment
from . import metadata
from .started import Started, Words
from .way_in import folder

# pytest shows the line of the test that went wrong, not ours.
__tracebackhide__ = True


class LedPrograms:
    """Leads processes to the fake at *url*; its certificates are of *certificate*'s authority."""

    def __init__(
        self, url: str, certificate: bytes, control: Control, allowed_hosts: AllowedHosts
    ) -> None:
        self._url = url
        self._certificate = certificate
        self._control = control
        self._allowed_hosts = allowed_hosts
        self._path_of_keys = ""
        self.started = Started()

    def env(self, region: str) -> dict[str, str]:
        """See `FakeCloud.env`."""
        return variables(self._way_in(region), os.environ)

    def popen(self, words: Words, region: str, options: dict[str, Any]) -> "subprocess.Popen[Any]":
        """See `FakeCloud.popen`."""
        way = self._way_in(region)
        return self.started.start(words, lambda environ: environment(way, environ), options)

    def choose(
        self,
        region: str,
        now: datetime,
        instance: str | None,
        role: str | None,
        spot_termination_time: str | datetime | timedelta | None,
        token_required: bool | None,
    ) -> None:
        """See `FakeCloud.metadata`; *now* is the cloud's time."""
        path = metadata.choose(
            self._control, now, instance, role, spot_termination_time, token_required
        )
        self._offer_keys(path, region)

    def offer_no_keys(self, region: str) -> None:
        """The metadata service speaks for no instance any more."""
        self._offer_keys("", region)

    def _way_in(self, region: str) -> WayIn:
        way = WayIn(
            proxy_url=self._url,
            certificate=self._certificate,
            region=region,
            folder=folder(self._certificate),
            allowed=self._allowed_hosts.names,
            credentials_uri=f"{self._url}{self._path_of_keys}" if self._path_of_keys else "",
        )
        write_files(way, os.environ)
        return way

    def _offer_keys(self, path: str, region: str) -> None:
        """Set the variables of `env`, and in this process if it is led here."""
        if path == self._path_of_keys:
            return
        self._path_of_keys = path
        if os.environ.get("SIMEVENTS_ENDPOINT") == self._url:
            env = self.env(region)
            changed = (NO_METADATA, CREDENTIALS_URI, CREDENTIALS_FILE)
            keep_environment({name: env[name] for name in changed})

"""What a program may reach through the proxy of a replay, or of the real cloud."""

from collections.abc import Callable
from urllib.parse import urlsplit

from ..fake.proxy import raw_refusal
from ..hosts import is_alibaba, is_metadata

_MOST_KEPT = 1_000


class Gate:
    """Leads Alibaba's hosts to the application of this process; others pass if *allowed*.

    *doing* says what is refused: "simevents run --replay".
    """

    def __init__(self, doing: str, allowed: Callable[[str], bool]) -> None:
        self._doing = doing
        self._allowed = allowed
        self.refused: list[str] = []
        """What was refused, in words."""

    def refusal_of_tunnel(self, netloc: str) -> bytes | None:
        host = host_of(netloc)
        is_https = not netloc.endswith(":80")
        if self.is_allowed(netloc) or (is_alibaba(host) and not (is_metadata(host) and is_https)):
            return None
        if is_metadata(host):
            return raw_refusal(self.refuse(netloc, "the metadata service has http only"))
        return raw_refusal(self.refuse_host(netloc))

    def is_allowed(self, netloc: str) -> bool:
        host = host_of(netloc)
        return bool(host) and not is_alibaba(host) and self._allowed(host)

    def handshake_failed(self, netloc: str, reason: str) -> None:
        where = netloc or "a host that it does not name"
        self._keep(
            f"TLS to {where} failed{f' ({reason})' if reason else ''}; the program may not trust "
            "the certificates of this run"
        )

    def refuse_host(self, netloc: str) -> str:
        """Note, and put in words, that a host outside is not reached."""
        return self.refuse(
            netloc, f"it lets nothing out; to allow it, use --allow {host_of(netloc)}"
        )

    def refuse(self, netloc: str, why: str) -> str:
        text = f"{netloc} refused by {self._doing}: {why}. Nothing was sent"
        self._keep(text)
        return text

    def _keep(self, text: str) -> None:
        if len(self.refused) < _MOST_KEPT:
            self.refused.append(text)


def host_of(netloc: str) -> str:
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""

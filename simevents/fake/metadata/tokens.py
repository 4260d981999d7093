"""Tokens of the security hardening mode: a program gets one by PUT and sends it with each request.

A missing token is accepted unless the setting requires one; a wrong or expired one never is.
The statuses are those of the vendor's page on access modes. Tokens are in memory and expire in
wall time, by which a client renews them.
"""

from collections.abc import Callable, Mapping

from .refused import Refused

TTL_HEADER = "x-aliyun-ecs-metadata-token-ttl-seconds"
TOKEN_HEADER = "x-aliyun-ecs-metadata-token"  # noqa: S105 - the name of a header
LONGEST_SECONDS = 21_600

_MOST_KEPT = 10_000


class Tokens:
    """*wall* returns real time; *new_token* returns a new random text."""

    def __init__(self, wall: Callable[[], float], new_token: Callable[[], str]) -> None:
        self._wall = wall
        self._new_token = new_token
        self._expiry: dict[str, float] = {}

    def issue(self, headers: Mapping[str, str]) -> str:
        """A new token. Raises Refused."""
        if "x-forwarded-for" in headers:
            raise Refused(403, "Forbidden", "403 - Forbidden: a token is not given to a proxy")
        text = headers.get(TTL_HEADER, "")
        is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(LONGEST_SECONDS))
        if not is_number or not 1 <= int(text) <= LONGEST_SECONDS:
            raise Refused(
                400,
                "InvalidParameter",
                f"400 - Missing or Invalid Parameters: {TTL_HEADER} must be 1 to {LONGEST_SECONDS}",
            )
        token = self._new_token()
        self._expiry[token] = self._wall() + int(text)
        if len(self._expiry) > _MOST_KEPT:
            del self._expiry[next(iter(self._expiry))]
        return token

    def check(self, headers: Mapping[str, str], *, required: bool) -> None:
        """Raises Refused if the request's token is not valid, or missing where one is required."""
        token = headers.get(TOKEN_HEADER)
        if token is None:
            if required:
                raise Refused(
                    403, "TokenRequired", "403 - Forbidden: this instance requires a token"
                )
        elif self._wall() >= self._expiry.get(token, 0):
            raise Refused(401, "InvalidToken", "401 - Unauthorized: the token is not valid")

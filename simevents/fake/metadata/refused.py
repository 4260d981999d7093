"""Why a request of metadata is refused."""


class Refused(Exception):
    """The answer has this status, and the text of this error as its body."""

    def __init__(self, status: int, code: str, text: str) -> None:
        self.status = status
        self.code = code
        """For the journal; the service itself has no error codes."""
        super().__init__(text)


def not_found(path: str) -> Refused:
    return Refused(404, "NotFound", f"404 - Not Found: {path}")

"""Recorded exchanges with the API: vcrpy, adapted to both of the vendor's SDK families.

The older SDK brings its own copy of requests and urllib3, which vcrpy does not know, so
its connection classes are patched here, and those of the queues' client in `queue_connections`.
Requests match on action, version and business
parameters alone, whichever client sends them; `scrubbing` decides what is kept of them, and a
cassette with an exchange that it does not understand is not saved. A cassette also keeps the
instant of its recording. Record in process and in one thread.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import vcr
import yaml
from aliyunsdkcore.vendored.requests.packages.urllib3 import connectionpool
from vcr import stubs
from vcr.cassette import Cassette
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.persisters.filesystem import CassetteNotFoundError, FilesystemPersister
from vcr.request import Request
from vcr.serialize import serialize
from vcr.stubs import VCRConnection, aiohttp_stubs, httpx_stubs

from ...errors import InvalidInput, Unrecordable, Unrecorded
from ...models import format_time, parse_time
from .queue_connections import queue_patches
from .scrubbing import REFUSED, Recorded, Scrubber, asked

_MATCHER = "simevents_business"
_RECORDED_AT = "recorded_at"
_INSTANCES = "instance_ids"

_pool_http = connectionpool.HTTPConnectionPool
_pool_https = connectionpool.HTTPSConnectionPool

_not_written: list[Unrecordable] = []


def recorder(folder: Path, record_mode: str = "none", allow: Iterable[str] = ()) -> vcr.VCR:
    """A VCR for calls of the API; its cassettes are files in *folder*.

    With *record_mode* ``none`` nothing reaches the network, and a request that no
    cassette has raises Unrecorded. The other modes are vcrpy's; at their end Unrecordable tells
    of exchanges that are not understood. *allow* has entries of ``ecs_cassette_allow``.
    """
    recording = _Recorder(
        cassette_library_dir=str(folder), record_mode=record_mode, **options(allow)
    )
    prepare(recording)
    return recording


def options(allow: Iterable[str] = ()) -> dict[str, Any]:
    """What `vcr.VCR.use_cassette`, and so pytest-recording's marker ``vcr``, need.

    Raises InvalidInput for an entry of *allow* that is not valid.
    """
    scrubber = Scrubber(allow)
    return {
        "custom_patches": (
            (_pool_http, "ConnectionCls", _HttpConnection),
            (_pool_https, "ConnectionCls", _HttpsConnection),
            *queue_patches(),
            # vcrpy's own refusal quotes the signed request.
            (stubs, "CannotOverwriteExistingCassetteException", _unrecorded),
            (aiohttp_stubs, "CannotOverwriteExistingCassetteException", _unrecorded),
            (httpx_stubs, "CannotOverwriteExistingCassetteException", _unrecorded),
        ),
        "match_on": [_MATCHER],
        "before_record_request": scrubber.request,
        "before_record_response": scrubber.response,
        "decode_compressed_response": True,
    }


def prepare(recording: vcr.VCR) -> None:
    """Make `options` known to a VCR: its matcher, and cassettes with more than exchanges."""
    recording.register_matcher(_MATCHER, _match_business)
    recording.register_persister(_Persister())


def unpatched(
    path: Path, allow: Iterable[str] = (), *, record: bool = False, again: str
) -> Cassette:
    """A cassette by itself, for exchanges of another process: nothing of this one is patched.

    With *record* it begins empty, and `save` writes it. Without, it has the exchanges of the
    file. *again* are the options that record it, for errors. Raises InvalidInput for a damaged
    file and for an entry of *allow* that is not valid.
    """
    recording = vcr.VCR(record_mode="once" if record else "none", **options(allow))
    prepare(recording)
    of_patches = ("path_transformer", "func_path_generator", "record_on_exception")
    settings = recording.get_merged_config(path=str(path))
    settings = {name: value for name, value in settings.items() if name not in of_patches}
    settings["persister"] = _Persister(again)
    return Cassette(**settings) if record else Cassette.load(**settings)


def save(cassette: Cassette) -> None:
    """Write a cassette that is `unpatched`. Raises Unrecordable; then nothing is written."""
    cassette._save(force=True)  # noqa: SLF001 - otherwise vcrpy's context does it
    raise_unrecordable()


def recorded_at(cassette: Cassette, now: datetime) -> datetime:
    """The instant of a cassette's recording, which is *now* while it is recorded."""
    return parse_time(str(_kept(cassette, _RECORDED_AT, format_time(now))))


def recorded_instances(cassette: Cassette) -> list[str]:
    """The instances that a cassette was recorded with; while it is recorded, to be added to."""
    found = _kept(cassette, _INSTANCES, [])
    assert isinstance(found, list)
    return found


def _kept(cassette: Cassette, name: str, default: object) -> object:
    """What a cassette keeps beside its exchanges; *default* is kept while it is recorded."""
    try:
        return cassette.get_metadata(name, default)
    except CannotOverwriteExistingCassetteException:
        raise InvalidInput(
            "cassette",
            f"{cassette.path} is not there or does not say {name}; record it with "
            "--record-mode=rewrite",
        ) from None


def raise_unrecordable() -> None:
    """Raise Unrecordable if a cassette that has been closed was not written, and forget it.

    To raise it while vcrpy closes the cassette would leave its patches in place.
    """
    if _not_written:
        first = _not_written[0]
        _not_written.clear()
        raise first


class _Recorder(vcr.VCR):  # type: ignore[misc]
    """A VCR whose cassettes tell at their end what is not understood."""

    @contextmanager
    def use_cassette(self, path: str, **options: Any) -> Iterator[Cassette]:
        try:
            with super().use_cassette(path, **options) as cassette:
                yield cassette
        except BaseException:
            # The error of the block says more.
            _not_written.clear()
            raise
        raise_unrecordable()


class _Persister(FilesystemPersister):  # type: ignore[misc]
    """vcrpy's files; one with an exchange that is not understood is not written."""

    def __init__(self, again: str = "--record-mode=rewrite") -> None:
        """*again* are the options that record a cassette, for errors."""
        self._again = again

    def save_cassette(
        self, cassette_path: str, cassette_dict: dict[str, Any], serializer: Any
    ) -> None:
        refused = [r[REFUSED] for r in cassette_dict["responses"] if REFUSED in r]
        if refused:
            _not_written.append(Unrecordable(str(cassette_path), refused))
            return
        text = serialize(cassette_dict, serializer)
        path = Path(cassette_path).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        # An interruption leaves the cassette that was there.
        whole = path.with_name(f".cassette-{os.getpid()}")
        try:
            whole.write_text(text)
            whole.replace(path)
        finally:
            whole.unlink(missing_ok=True)

    def load_cassette(self, cassette_path: str, serializer: Any) -> Any:
        try:
            loaded = super().load_cassette(cassette_path, serializer)
        except CassetteNotFoundError:
            raise
        except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
            words = str(error).partition("\n")[0]
            raise InvalidInput(
                "cassette",
                f"{cassette_path} is damaged ({type(error).__name__}: {words}). Take it from the "
                f"repository again, or record it again with {self._again}",
            ) from None
        requests, responses, *rest = loaded
        for request in requests:
            request.is_recorded = True
        return (requests, [Recorded(response) for response in responses], *rest)


class _HttpConnection(VCRConnection):  # type: ignore[misc]
    _baseclass = _pool_http.ConnectionCls
    _protocol = "http"


class _HttpsConnection(VCRConnection):  # type: ignore[misc]
    _baseclass = _pool_https.ConnectionCls
    _protocol = "https"
    is_verified = True


def business_parameters(request: Request) -> dict[str, str]:
    """Action, version and parameters of a request, as they may be shown; for a page its address."""
    return asked(request).shown


def _unrecorded(*, cassette: Cassette, failed_request: Request) -> Unrecorded:
    recorded = [business_parameters(request) for request in cassette.requests]
    wanted = business_parameters(cassette.filter_request(failed_request))
    return Unrecorded(str(cassette.path), wanted, recorded)


def _match_business(left: Request, right: Request) -> None:
    assert asked(left).matches(asked(right)), "other parameters"

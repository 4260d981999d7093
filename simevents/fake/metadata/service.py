"""Answers requests of metadata for the chosen instance, and notes them in the journal as reads."""

import re
from collections.abc import Mapping

from ...allow_list import clean
from ..protocol.wire import Request, Response
from ..state import metadata_setting
from ..state.cloud import Cloud
from ..state.journal import LONGEST_NAME, Entry, Journal, shortened
from ..state.metadata_setting import MetadataSetting
from ..state.store import Resource
from . import items
from .refused import Refused, not_found
from .role_keys import RoleKeys
from .tokens import Tokens

DEFAULT_ROLE = "EcsRamRole"
"""The role's name if the setting has none and the request names none."""

_VERSIONS = ("2016-01-01", "latest")
_TOKEN = ["api", "token"]
_ROLES = ["meta-data", "ram", "security-credentials"]
_ROLE_NAME = re.compile(r"[A-Za-z0-9.@_-]{1,64}")


def path_of_keys(role_name: str | None) -> str:
    """Where the keys of the role are, for clients that take an address; *role_name* as set."""
    return f"/latest/meta-data/{'/'.join(_ROLES[1:])}/{role_name or DEFAULT_ROLE}"


class MetadataService:
    """The metadata service of *cloud*."""

    def __init__(self, cloud: Cloud, journal: Journal) -> None:
        self._cloud = cloud
        self._journal = journal
        self._tokens = Tokens(cloud.wall, lambda: cloud.new_letters(56))
        self._keys = RoleKeys(cloud)

    def answer(self, request: Request) -> Response:
        status, code = 200, ""
        with self._cloud.store.transaction():
            self._cloud.settle()
            try:
                body = self._content(request)
            except Refused as refused:
                status, code, body = refused.status, refused.code, str(refused).encode()
        self._journal.record(
            Entry(
                at=self._cloud.now(),
                action=f"metadata {_shown(request.path)}",
                parameters={},
                status=status,
                code=code,
                request_id=self._cloud.new_request_id(),
                unexpected=False,
                is_read=True,
                carried_out=not code,
            )
        )
        return Response(status, [(b"content-type", b"text/plain; charset=utf-8")], body)

    def _content(self, request: Request) -> bytes:
        """The body of the answer. Raises Refused."""
        version, *path = [part for part in request.path.split("/") if part] or [""]
        is_known = version in _VERSIONS
        if request.method == "PUT" and is_known and path == _TOKEN:
            return self._tokens.issue(request.headers).encode()
        if request.method != "GET" or (is_known and path == _TOKEN):
            raise Refused(405, "MethodNotAllowed", "405 - Method Not Allowed")
        setting = metadata_setting.load(self._cloud.store)
        self._tokens.check(request.headers, required=setting.token_required)
        instance = self._instance(setting)
        if not version:
            return "\n".join(_VERSIONS).encode()
        if not is_known:
            raise not_found(request.path)
        node = self._tree(instance, setting, path)
        for name in path:
            if not isinstance(node, Mapping) or name not in node:
                raise not_found(request.path)
            node = node[name]
        if isinstance(node, Mapping):
            return _listing(node).encode()
        value = node() if callable(node) else node
        return value if isinstance(value, bytes) else value.encode()

    def _tree(self, instance: Resource, setting: MetadataSetting, path: list[str]) -> items.Tree:
        role = setting.role_name
        if role is None:
            asked = path[-1] if path[:-1] == _ROLES else ""
            role = asked if _ROLE_NAME.fullmatch(asked) else DEFAULT_ROLE
        roles = {role: lambda: self._keys.document(instance.id, role)}
        return items.tree(self._cloud, instance, setting, roles)

    def _instance(self, setting: MetadataSetting) -> Resource:
        """The instance that the service speaks for. Raises Refused."""
        store = self._cloud.store
        if setting.instance_id is not None:
            chosen = store.get("instance", setting.instance_id)
            if chosen is None:
                raise _no_instance(
                    f"{setting.instance_id}, which was chosen, does not exist any more"
                )
            return chosen
        found = store.find("instance", limit=2)
        if len(found) != 1:
            count = store.count("instance")
            raise _no_instance(
                f"there are {count} instances and none is chosen" if count else "there is none yet"
            )
        return found[0]


def _no_instance(why: str) -> Refused:
    return Refused(
        404,
        "NoInstanceChosen",
        f"The simevents fake cloud does not know which instance asks for metadata: {why}. "
        "Choose one with simevents fake --as-instance ID, with ecs_fake.metadata(ID) in a test, or "
        'with POST /_fake/metadata {"instance_id": ID}.',
    )


def _listing(branch: items.Tree) -> str:
    # "instance-id" stands before "instance/".
    names = (f"{name}/" if isinstance(node, Mapping) else name for name, node in branch.items())
    return "\n".join(sorted(names))


def _shown(path: str) -> str:
    """The path for the journal, without the version: ``instance/spot/termination-time``."""
    version, _, rest = path.lstrip("/").partition("/")
    known = rest if version in _VERSIONS else path
    return shortened(clean(known.removeprefix("meta-data/") or known or "/"), LONGEST_NAME)

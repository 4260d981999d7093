"""ClientToken: a repeated call is carried out only once, and gets the same answer again.

Source: the vendor's page "How to ensure idempotence". An answer is stored for one day
of the cloud's time, together with a digest of the call's parameters.
"""

import hashlib
import json
from collections.abc import Mapping

from ..state.clock import Epoch
from ..state.store import Resource, Store
from . import api_errors
from .api_errors import ApiError
from .call import AnswerMembers

_KIND = "client_token"
_REMEMBERED_SECONDS = 24 * 3600


def remembered(
    store: Store, action: str, parameters: Mapping[str, str], now: Epoch
) -> AnswerMembers | None:
    """The answer to the first call with this token; None if this call is the first.

    Raises ApiError if the first call had other parameters.
    """
    token = parameters.get("ClientToken")
    kept = store.get(_KIND, f"{action} {token}") if token else None
    if kept is None or now - kept.created_at > _REMEMBERED_SECONDS:
        return None
    if kept.attributes["parameters"] != _digest(parameters):
        raise ApiError(api_errors.IDEMPOTENT_MISMATCH)
    answer: AnswerMembers = kept.attributes["answer"]
    return answer


def remember(
    store: Store, action: str, parameters: Mapping[str, str], now: Epoch, answer: AnswerMembers
) -> None:
    if token := parameters.get("ClientToken"):
        kept = {"parameters": _digest(parameters), "answer": answer}
        store.put(Resource(_KIND, f"{action} {token}", "", now, kept))


def _digest(parameters: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(parameters.items())).encode()).hexdigest()

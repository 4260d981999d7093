"""Who runs isolated commands in the tests: this user, and nobody if this user is root."""

import os
from collections.abc import Iterator

import pytest

from tests.running.outside import User, nobody, this_user

USERS = ["this user", "nobody"] if os.geteuid() == 0 else ["this user"]


@pytest.fixture(params=USERS)
def user(request: pytest.FixtureRequest) -> Iterator[User]:
    if request.param == "this user":
        yield this_user()
    else:
        with nobody() as made:
            yield made

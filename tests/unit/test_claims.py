"""Claims: which resource of one process asks for which event, and what it gives up."""

from simevents.reconcile.claims import ClaimKey, Claims


def keys(*instances: str) -> list[ClaimKey]:
    return [
        ClaimKey("1", "cn-hangzhou", id, "SystemMaintenance.Reboot", "2027-01-31T09:30:00Z")
        for id in instances
    ]


def test_a_claim_gets_all_of_its_keys_or_none() -> None:
    claims = Claims()

    assert claims.claim("a", keys("i-1", "i-2")) == []
    assert claims.claim("a", keys("i-1", "i-2")) == []
    assert claims.claim("b", keys("i-2", "i-3")) == keys("i-2")
    assert claims.claim("c", keys("i-3")) == []


def test_what_nobody_has_is_not_held_by_others() -> None:
    claims = Claims()
    claims.claim("a", keys("i-1"))

    assert claims.held_by_others("a", keys("i-1", "i-2")) == set()
    assert claims.held_by_others("b", keys("i-1", "i-2")) == {"i-1"}


def test_only_the_named_keys_are_released_and_only_by_their_owner() -> None:
    claims = Claims()
    claims.claim("a", keys("i-1", "i-2"))
    claims.release("b", keys("i-1"))
    claims.release("a", keys("i-1"))

    assert claims.claim("b", keys("i-1")) == []
    assert claims.claim("b", keys("i-2")) == keys("i-2")


def test_the_end_of_an_owner_releases_all_that_it_has() -> None:
    claims = Claims()
    claims.claim("a", keys("i-1", "i-2"))
    claims.claim("b", keys("i-3"))
    claims.end("a")

    assert (claims.has_ended("a"), claims.has_ended("b")) == (True, False)
    assert claims.claim("c", keys("i-1", "i-2")) == []
    assert claims.claim("c", keys("i-3")) == keys("i-3")


def test_a_key_without_an_event_can_be_used_once_and_only_by_its_owner() -> None:
    claims = Claims()
    claims.claim("a", keys("i-1", "i-2"))
    claims.mark_unused("a", keys("i-1"))
    claims.mark_unused("b", keys("i-2"))

    assert claims.use("b", keys("i-1")) == set()
    assert claims.use("a", keys("i-1", "i-2", "i-3")) == {"i-1"}
    assert claims.use("a", keys("i-1", "i-2")) == set()


def test_a_released_key_is_no_longer_known_to_have_no_event() -> None:
    claims = Claims()
    claims.claim("a", keys("i-1"))
    claims.mark_unused("a", keys("i-1"))
    claims.release("a")
    claims.claim("a", keys("i-1"))

    assert claims.use("a", keys("i-1")) == set()

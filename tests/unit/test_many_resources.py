"""More resources in one program than a provider with attributes could serve."""

from pulumi.dynamic.dynamic import serialize_provider

from simevents.provider import EventsProvider, IntentProvider


def test_a_provider_is_serialised_for_many_resources() -> None:
    # Pulumi wraps its pickler again on each call; a provider with attributes would fail with
    # RecursionError near 970.
    texts = {
        serialize_provider(kind())
        for _ in range(1_500)
        for kind in (IntentProvider, EventsProvider)
    }

    assert len(texts) == 2
    assert all(len(text) < 100 for text in texts)

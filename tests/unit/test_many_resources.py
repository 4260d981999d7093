"""More resources in one program than a provider with state could serve."""

from pulumi.dynamic.dynamic import serialize_provider

from simevents.provider import EventsProvider, IntentProvider


def test_serialising_a_provider_for_each_of_many_resources() -> None:
    # Pulumi wraps its pickler once more on each call; one that held anything would die of
    # RecursionError near 970.
    texts = {
        serialize_provider(kind())
        for _ in range(1_500)
        for kind in (IntentProvider, EventsProvider)
    }

    assert len(texts) == 2
    assert all(len(text) < 100 for text in texts)

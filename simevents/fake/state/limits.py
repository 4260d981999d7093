"""The limits of the API, as the fake enforces them.

The client has a separate copy in `models`. With a single copy, tests could not find a wrong limit.
"""

MOST_IDS_PER_CALL = 100
"""Maximum of instance or event ids in one call; API page of CreateSimulatedSystemEvents."""

RETENTION_DAYS = 30
"""Days for which finished events are returned; API page of DescribeInstanceHistoryEvents."""

"""The limits of the API, as the fake enforces them.

The client has its own copy in `models`: a limit that was misread must not pass on both sides.
"""

MOST_IDS_PER_CALL = 100
"""Instance ids or event ids that one call takes; API page of CreateSimulatedSystemEvents."""

RETENTION_DAYS = 30
"""Days for which finished events are returned; API page of DescribeInstanceHistoryEvents."""

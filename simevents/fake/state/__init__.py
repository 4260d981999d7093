"""What the cloud holds: rows in SQLite, time, faults and switches. Knows nothing of requests."""

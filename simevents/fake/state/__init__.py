"""The state of the cloud: rows in SQLite, the clock, faults and switches. No request handling."""

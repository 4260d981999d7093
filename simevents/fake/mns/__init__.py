"""SMQ, formerly MNS: queues and their messages, by its data plane and its API."""

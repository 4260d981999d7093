"""How changes reach handlers that wait to be told: names, bodies, rules, and the outbox."""

"""EventBridge: buses, rules, targets and events, by its API and its data plane."""

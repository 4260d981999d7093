"""EventBridge as pure functions: patterns, transforms, the event itself, and its signature."""

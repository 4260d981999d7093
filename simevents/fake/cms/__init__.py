"""CloudMonitor (Cms): rules for events, their targets, and what has happened."""

"""Bytes to calls and answers to bytes; what an action does is in `ecs`, `vpc` and `sts`."""

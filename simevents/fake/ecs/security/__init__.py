"""The ECS actions on security groups and their rules."""

"""The ECS actions on commands: running them on instances, and reading the results."""

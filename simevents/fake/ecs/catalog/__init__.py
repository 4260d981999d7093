"""The ECS actions that list what is available: regions and zones, instance types, images."""

"""Desired events against what exists: the steps in the life of a resource, free of Pulumi."""

"""The metadata service of an instance, which the real cloud has at 100.100.100.200."""

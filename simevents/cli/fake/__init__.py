"""The command ``fake``: what its options mean, and how the server is started and ended."""

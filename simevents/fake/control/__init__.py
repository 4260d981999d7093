"""The control routes under `/_fake/`, with which a test or a user controls the cloud."""

"""The routes under `/_fake/`: what a test or a person does to the cloud, and their client."""

"""Where a test's calls go: the fake, a cassette or a live account, and cleaning up the last."""

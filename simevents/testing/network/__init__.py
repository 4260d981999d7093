"""What a test may reach: which way the calls of this process go, and what is refused."""

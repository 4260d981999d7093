"""The program under test as another process: how it is started, led to the fake, and ended."""

"""For tests: recorded exchanges now, the pytest plugin and the redirect to come.

Nothing in the package outside `cli` may import from here.
"""

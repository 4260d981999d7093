"""The actions of STS: one function per action, named as the action in snake_case."""

"""The actions of ECS: one function per action, named as the action in snake_case."""

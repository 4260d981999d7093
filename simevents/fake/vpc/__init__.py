"""The actions of VPC: one function per action, named as the action in snake_case."""

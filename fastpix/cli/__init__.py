"""The operator's commands, one module a family."""

"""`fastpix access check`: tries every endpoint as everybody, in an application with the operator's own settings."""

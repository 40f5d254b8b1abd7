"""An operator with commands, as for backups."""

from tests.backup.conftest import closing, make_operator, operator  # noqa: F401  # pytest finds them here

"""`fastpix`, and `python -m fastpix`."""

from __future__ import annotations

import gc


def main() -> None:
    """Load the commands and run the one that was typed."""
    # Loading makes objects to keep: to look for garbage meanwhile takes a quarter of its time.
    gc.disable()
    from fastpix.cli.group import main as command

    gc.enable()
    command(prog_name="fastpix")


if __name__ == "__main__":
    main()

"""Cells of a file for spreadsheets."""

from __future__ import annotations

import json

# What spreadsheets take for the beginning of a formula, and run.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: object) -> str:
    """A value as the text of a CSV cell, which no spreadsheet takes for a formula; dicts as JSON, times in ISO 8601."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    text = value.isoformat() if hasattr(value, "isoformat") else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text

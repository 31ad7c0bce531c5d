"""Reads rows that people typed."""

import json
import os


class RowError(ValueError):
    """A row that can't be read."""


def read_row(text):
    """name,number"""
    try:
        name, number = text.split(",")
        return name.strip(), int(number)
    except ValueError as error:
        raise RowError(text) from error


def read_rows(lines):
    """The rows that can be read, and how many could not."""
    rows, bad = [], 0
    for line in lines:
        try:
            rows.append(read_row(line))
        except Exception:
            bad += 1
    return rows, bad


def save(rows, path):
    """As JSON."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rows, file)


def remove(path):
    """The file goes."""
    os.unlink(path)

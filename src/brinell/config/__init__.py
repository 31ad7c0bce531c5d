"""Configuration: tables and command-line options to a frozen ``Plan``. Every mistake is exit 2 before anything runs.

``source`` finds and parses the file, ``tables`` lists the keys, ``checks`` looks at single values, ``scenarios`` reads
``[[load]]``, ``compose`` builds the plan (``one_load`` that of ``brinell load``), and ``problems`` words whatever is
wrong.
"""

from brinell.config.compose import for_properties, for_suite, for_tests, from_toml
from brinell.config.one_load import for_cache, for_call, for_document, for_flows, for_load, for_websocket
from brinell.config.source import project_root

__all__ = [
    "for_cache",
    "for_call",
    "for_document",
    "for_flows",
    "for_load",
    "for_properties",
    "for_suite",
    "for_tests",
    "for_websocket",
    "from_toml",
    "project_root",
]

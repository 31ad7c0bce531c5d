"""`python -m noticeboard [--host HOST] [--port PORT]`: the service under uvicorn, with the flags it wants."""

from __future__ import annotations

import argparse
import os
import sys

import uvicorn

from noticeboard.settings import Settings, SettingsError


def main() -> int:
    """Serve until told to stop; 2 if the settings are unusable."""
    parser = argparse.ArgumentParser(prog="noticeboard", description="Short notes over HTTP, rooms over WebSockets.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as problems:
        print(problems, file=sys.stderr)
        return 2
    uvicorn.run(
        "noticeboard.app:create_app",
        factory=True,
        host=arguments.host,
        port=arguments.port,
        access_log=False,  # the application writes its own
        log_level="warning",
        ws_max_size=2 * settings.max_message_bytes,  # the application refuses politely; this bounds what is buffered
        ws_per_message_deflate=False,  # every member would have its own copy compressed
        timeout_graceful_shutdown=round(settings.shutdown_grace_s),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

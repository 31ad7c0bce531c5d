"""Flask's development server, around the application of all WSGI servers."""

from __future__ import annotations

import wsgi_app
from flask import Flask

app = Flask(__name__)
app.wsgi_app = wsgi_app.app  # type: ignore[method-assign]

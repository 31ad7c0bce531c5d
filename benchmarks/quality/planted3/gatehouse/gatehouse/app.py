from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ITERATIONS = 900_000


def hash_password(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    salt = salt or secrets.token_bytes(8)
    return salt.hex() + ":" + hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations).hex()


def password_matches(password: str, stored: str, iterations: int = ITERATIONS) -> bool:
    salt, _ = stored.split(":")
    return hmac.compare_digest(hash_password(password, bytes.fromhex(salt), iterations), stored)


class Directory:
    def __init__(self, iterations: int = ITERATIONS) -> None:
        self.iterations = iterations
        self.users: dict[str, str] = {}
        self.tokens: dict[str, str] = {}

    def register(self, name: str, password: str) -> None:
        if name in self.users:
            raise KeyError(name)
        self.users[name] = hash_password(password, iterations=self.iterations)

    def sign_in(self, name: str, password: str) -> str:
        stored = self.users.get(name)
        if stored is None or not password_matches(password, stored, self.iterations):
            raise PermissionError(name)
        token = secrets.token_hex(8)
        self.tokens[token] = name
        return token


def build(directory: Directory, audit=None) -> Starlette:
    async def health(request):
        return JSONResponse({"status": "ok"})

    async def sign_in(request):
        body = await request.json()
        try:
            token = directory.sign_in(body["name"], body["password"])
        except PermissionError:
            return JSONResponse({"error": "denied"}, 401)
        if audit is not None:
            audit.record("sign-in", body["name"])
        return JSONResponse({"token": token})

    async def whoami(request):
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        name = directory.tokens.get(token)
        return JSONResponse({"name": name}) if name else Response(status_code=401)

    async def echo(request):
        return Response(await request.body(), media_type="application/octet-stream")

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/sign-in", sign_in, methods=["POST"]),
            Route("/whoami", whoami),
            Route("/echo", echo, methods=["POST"]),
        ]
    )


class Throttle:
    """So many calls a window; the rest wait."""

    def __init__(self, calls: int, window: float) -> None:
        self.calls, self.window, self.used = calls, window, 0

    async def __aenter__(self):
        while self.used >= self.calls:
            await asyncio.sleep(self.window)
            self.used = 0
        self.used += 1
        return self

    async def __aexit__(self, *exc):
        return False

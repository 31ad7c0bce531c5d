"""Keeps files, once each, and what they were called."""

from __future__ import annotations

import hashlib
import shutil
import warnings
from pathlib import Path

import attrs


class Corrupt(OSError):
    pass


@attrs.frozen
class Kept:
    name: str
    digest: str
    size: int


class Vault:
    def __init__(self, root: Path, on_keep=None) -> None:
        self.root, self.on_keep = root, on_keep
        self.kept: dict[str, Kept] = {}
        root.mkdir(parents=True, exist_ok=True)

    def keep(self, path: Path) -> Kept:
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        (self.root / digest).write_bytes(data)
        kept = self.kept[path.name] = Kept(path.name, digest, len(data))
        if self.on_keep is not None:
            self.on_keep(kept)
        return kept

    store = keep

    def restore(self, name: str, target: Path) -> Path:
        kept = self.kept[name]
        source = self.root / kept.digest
        if hashlib.sha256(source.read_bytes()).hexdigest() != kept.digest:
            raise Corrupt(name)
        return Path(shutil.copy(source, target / name))

    def verify(self) -> list[str]:
        return [name for name, kept in self.kept.items() if hashlib.sha256((self.root / kept.digest).read_bytes()).hexdigest() != kept.digest]

    def purge(self) -> int:
        used = {kept.digest for kept in self.kept.values()}
        gone = [path for path in self.root.iterdir() if path.name not in used]
        for path in gone:
            path.unlink()
        return len(gone)

    def drop(self, name: str) -> None:
        warnings.warn("Vault.drop() will go: use forget()", FutureWarning, stacklevel=2)
        self.forget(name)

    def forget(self, name: str) -> None:
        del self.kept[name]


def sealed(password: str, rounds: int = 350_000) -> bytes:
    return hashlib.scrypt(password.encode(), salt=b"stowage", n=2**14, r=8, p=1) + hashlib.pbkdf2_hmac("sha512", password.encode(), b"stowage", rounds)

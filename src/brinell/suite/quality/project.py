"""The project's own modules, read when first needed, and names followed through them.

Only modules that belong to the tests are followed (test files, conftests, what lies beside them, anything with ``test``
in its path): an ``assert`` in product code is the product's, and checks nothing for the test that passes it.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from brinell.suite.quality.files import Function, Source, UnreadableError, read
from brinell.suite.quality.names import Definition, Imports, definitions, dotted, imported_names, last, local_names
from brinell.suite.quality.nodes import walk

_MOST_HOPS = 8
MOST_BYTES_IN_ALL = 12_000_000  # of source, some 15,000 tests; a tree takes fifty times its text


_TESTS = re.compile(r"(?:^|[/_])(?:tests?|testing|specs?)(?:[/_]|$)")
_MOST_READ = 5_000


class Module:
    """A parsed file with its names. ``defined`` are the functions and classes of its top level, by name."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.path = source.path
        self.imports = Imports(source.tree)
        self.defined: dict[str, Definition] = {one.name: one for one in definitions(source.tree.body)}
        self.values: dict[str, ast.expr] = {
            target.id: statement.value
            for statement in source.tree.body
            if isinstance(statement, ast.Assign)
            for target in statement.targets
            if isinstance(target, ast.Name)
        }

        self.optional: frozenset[str] | None = None  # names of guarded imports, once somebody asks (kinds/guards.py)
        self.waits: bool | None = None  # whether it speaks of waiting at all, once somebody asks (kinds/naps.py)
        self._locals: dict[ast.AST, dict[str, str]] = {}

    @property
    def is_conftest(self) -> bool:
        """Whether pytest takes fixtures and hooks from it, and no tests."""
        return self.path.rpartition("/")[2] == "conftest.py"

    def full(self, node: ast.AST) -> str:
        """Return the full name of an expression, as the place where it stands has it.

        ``time.sleep`` for ``sleep`` after ``from time import sleep``; a name that a function around it binds to
        anything else is nobody's (``?.sleep``).
        """
        name = dotted(node)
        head, dot, rest = name.partition(".")
        for function in self.functions_around(node) if name else ():
            if function not in self._locals:
                self._locals[function] = local_names(function)
            bound = self._locals[function].get(head)
            if bound is not None:
                return (bound or f"?.{head}") + dot + rest
        return self.imports.full(node)

    def functions_around(self, node: ast.AST) -> Iterator[Function]:
        """Yield the functions in whose bodies a node stands, innermost first."""
        for above in self.source.enclosing(node):
            if isinstance(above, Function) and node in above.body:
                yield above
            node = above

    def methods(self, owner: ast.ClassDef) -> dict[str, Definition]:
        """Return what a class defines itself."""
        return {one.name: one for one in definitions(owner.body)}


class Project:
    """Modules below ``root`` by path; ``unread`` collects why some are missing."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.unread: dict[str, str] = {}
        self.tests: dict[str, Module] = {}  # what pytest collects from, and conftests
        self.support_folders: set[str] = set()
        self._modules: dict[str, Module | None] = {}
        self._bytes = 0
        self._files: dict[str, bool] = {}
        self._places: dict[tuple[str, str], str | None] = {}
        self._by_name: tuple[int, dict[str, list[tuple[Module, Definition]]]] | None = None

    def add_test_file(self, path: str) -> None:
        """Read a file that tests are collected from."""
        module = self.module(path)
        if module is not None:
            self.tests[path] = module
            folder = path.rpartition("/")[0]
            if folder:
                self.support_folders.add(folder)

    def module(self, path: str) -> Module | None:
        """Return a module by its path; None if it cannot be read, which is noted."""
        if path not in self._modules:
            try:
                self._modules[path] = Module(self._read(path))
            except UnreadableError as why:
                self._modules[path] = None
                self.unread[path] = str(why)
            except RecursionError:
                self._modules[path] = None
                self.unread[path] = "nested too deeply"
        return self._modules[path]

    def _read(self, path: str) -> Source:
        if self._bytes > MOST_BYTES_IN_ALL:
            raise UnreadableError(f"more than {MOST_BYTES_IN_ALL // 1_000_000} MB of tests")
        source = read(self.root, path)
        self._bytes += source.size_bytes
        return source

    def is_support(self, path: str) -> bool:
        """Whether a module belongs to the tests."""
        folder = path.rpartition("/")[0]
        return "test" in path.lower() or any(
            folder == one or folder.startswith(f"{one}/") for one in self.support_folders
        )

    def file_of(self, module: str, importer: str) -> str | None:
        """Return the path of a dotted module as ``importer`` would find it; None if it is not the project's."""
        key = (module, importer.rpartition("/")[0])
        if key not in self._places:
            self._places[key] = self._file_of(module, importer)
        return self._places[key]

    def _file_of(self, module: str, importer: str) -> str | None:
        folder = PurePosixPath(importer).parent
        level = len(module) - len(module.lstrip("."))
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            return self._existing(folder, module[level:])
        for base in (folder, *folder.parents, PurePosixPath("src")):
            found = self._existing(base, module)
            if found:
                return found
        return None

    def _existing(self, base: PurePosixPath, module: str) -> str | None:
        stem = base.joinpath(*module.split(".")) if module else base
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            clean = path.removeprefix("./")
            if clean not in self._files:
                self._files[clean] = (self.root / clean).is_file()
            if self._files[clean]:
                return clean
        return None

    def plugins(self) -> list[Module]:
        """Return the modules that ``pytest_plugins`` of the test files and conftests names, as far as they are here."""
        named = [
            (part.value, module)
            for module in self.tests.values()
            for part in walk(module.values.get("pytest_plugins") or ast.Tuple(elts=[]))
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        paths = [(self.file_of(name, module.path), module) for name, module in named]
        found = [self.module(path) for path, _ in paths if path and path not in self.tests and self._is_of_tests(path)]
        return [one for one in dict.fromkeys(found) if one is not None]

    @staticmethod
    def _is_of_tests(path: str) -> bool:
        """Whether a module lies in a folder of tests: what the product offers to tests is the product's."""
        return _TESTS.search(path.rpartition("/")[0]) is not None

    def with_helpers(self) -> list[Module]:
        """Return the test files and conftests, and the modules in folders of tests that they import."""
        found = [*self.tests.values(), *self.plugins()]
        seen = {module.path for module in found}
        for module in found:
            for node in walk(module.source.tree):
                for full in _imported_modules(node):
                    path = self.file_of(full, module.path)
                    if path and path not in seen and self._is_of_tests(path) and len(seen) < _MOST_READ:
                        seen.add(path)
                        helper = self.module(path)
                        found += [helper] if helper is not None else []
        return found

    def is_own(self, name: str, importer: str) -> bool:
        """Whether a full name's module is one of the project's (product or tests)."""
        parts = name.lstrip(".").split(".")
        dots = name[: len(name) - len(name.lstrip("."))]
        if dots:
            return True
        return any(self.file_of(dots + ".".join(parts[:length]), importer) for length in (1, 2) if len(parts) >= length)

    def resolve(self, name: str, importer: Module, hops: int = _MOST_HOPS) -> tuple[Module, Definition] | None:
        """Follow a full dotted name to its definition in a module that belongs to the tests."""
        if not name or hops <= 0:
            return None
        if "." not in name.lstrip("."):
            return self._in_module(name.lstrip("."), importer, hops) if not name.startswith(".") else None
        module, _, attribute = name.rpartition(".")
        if not module.strip("."):
            module += "."
        path = self.file_of(module, importer.path)
        if path is not None:
            found = self.module(path) if self.is_support(path) else None
            return self._in_module(attribute, found, hops) if found else None
        # A method, or a name in a module that is itself an attribute: Helper.check, helpers.check
        owner = self.resolve(module, importer, hops - 1)
        if owner is not None and isinstance(owner[1], ast.ClassDef):
            return self.method(owner[0], owner[1], attribute)
        return None

    def _in_module(self, name: str, module: Module, hops: int) -> tuple[Module, Definition] | None:
        if name in module.defined:
            return module, module.defined[name]
        full = module.imports.names.get(name)
        if full is not None and full != name:
            return self.resolve(full, module, hops - 1)
        for star in module.imports.stars:
            path = self.file_of(star, module.path)
            starred = self.module(path) if path and self.is_support(path) else None
            if starred is not None and (found := self._in_module(name, starred, hops - 1) if hops > 1 else None):
                return found
        return None

    def value(self, name: str, importer: Module, hops: int = _MOST_HOPS) -> tuple[Module, ast.expr] | None:
        """Follow a full dotted name to the expression that a module of the tests gives it."""
        head, dot, attribute = name.rpartition(".")
        if not dot:
            value = importer.values.get(name)
            full = importer.imports.names.get(name, name)
            if value is not None or full == name or hops <= 0:
                return (importer, value) if value is not None else None
            return self.value(full, importer, hops - 1)
        path = self.file_of(head or ".", importer.path)
        module = self.module(path) if path is not None and self.is_support(path) else None
        return self.value(attribute, module, hops - 1) if module is not None and hops > 0 else None

    def method(
        self, module: Module, owner: ast.ClassDef, name: str, hops: int = _MOST_HOPS
    ) -> tuple[Module, Definition] | None:
        """Return a method of a class or of its bases, as far as they belong to the tests."""
        found = module.methods(owner).get(name)
        if found is not None:
            return module, found
        for base_module, base in self.bases(module, owner) if hops > 0 else ():
            inherited = self.method(base_module, base, name, hops - 1)
            if inherited is not None:
                return inherited
        return None

    def bases(self, module: Module, owner: ast.ClassDef) -> Iterator[tuple[Module, ast.ClassDef]]:
        """Yield the bases of a class that belong to the tests."""
        for expression in owner.bases:
            found = self.resolve(module.full(expression), module)
            if found is not None and isinstance(found[1], ast.ClassDef) and found[1] is not owner:
                yield found[0], found[1]

    def is_test_case(self, module: Module, owner: ast.ClassDef, hops: int = _MOST_HOPS) -> bool | None:
        """Whether a class is a ``unittest.TestCase``; None where a base is somebody else's and nobody knows."""
        known: bool | None = False
        for expression in owner.bases:
            full = module.full(expression)
            name = last(expression)
            if full in {"unittest.TestCase", "unittest.IsolatedAsyncioTestCase"} or name.endswith("TestCase"):
                return True
            if full in {"object", "abc.ABC", "typing.Generic", "typing.Protocol"} or isinstance(
                expression, ast.Subscript
            ):
                continue
            found = self.resolve(full, module)
            inner = None
            if found is not None and isinstance(found[1], ast.ClassDef) and found[1] is not owner and hops > 0:
                inner = self.is_test_case(found[0], found[1], hops - 1)
            if inner:
                return True
            known = None if inner is None else known
        return known

    def named(self, name: str) -> list[tuple[Module, Definition]]:
        """Return the functions and methods of one name, of the modules read so far that belong to the tests."""
        if self._by_name is None or self._by_name[0] != len(self._modules):
            self._by_name = len(self._modules), self.by_name()
        return self._by_name[1].get(name, [])

    def by_name(self) -> dict[str, list[tuple[Module, Definition]]]:
        """Return every function and method of the modules read so far that belong to the tests, by name."""
        found: dict[str, list[tuple[Module, Definition]]] = defaultdict(list)
        for module in self._modules.values():
            if module is None or not self.is_support(module.path):
                continue
            for one in definitions(module.source.tree.body):
                found[one.name].append((module, one))
                if isinstance(one, ast.ClassDef):
                    for method in definitions(one.body):
                        found[method.name].append((module, method))
        return found


def _imported_modules(node: ast.AST) -> Iterator[str]:
    """Yield what an import may mean as a module: ``a.b`` and ``a.b.c`` of ``from a.b import c``."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield "." * node.level + (node.module or "")
        yield from imported_names(node).values()

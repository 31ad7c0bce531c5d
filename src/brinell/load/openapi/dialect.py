"""Schemas of OpenAPI 2.0, 3.0 and 3.1 as JSON Schema 2020-12, each named once: ``{"$ref": "#/$defs/..."}``.

Requests and answers see the same schema differently: what is ``readOnly`` is not sent, what is ``writeOnly`` does not
come back. So there is one set of definitions for either. Formats are annotations in 2020-12, and not asserted.
"""

from __future__ import annotations

import hashlib
from typing import Any

from brinell.load.openapi.document import Unreadable
from brinell.load.openapi.references import Library

REQUEST, ANSWER = "request", "answer"
MOST_DEPTH = 80  # of one schema, without what it refers to
_ONE = ("not", "items", "additionalProperties", "contains", "propertyNames", "if", "then", "else", "unevaluatedItems",
        "unevaluatedProperties")  # fmt: skip
_MANY = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_IDENTITY = {"$id", "id", "$schema", "$anchor", "$dynamicAnchor", "$defs", "definitions"}
_WORDS = {"$comment", "description", "title", "deprecated", "externalDocs", "xml", "example"}
_DROPPED = _IDENTITY | _WORDS | {"discriminator", "nullable", "readOnly", "writeOnly", "collectionFormat"}

Schema = dict[str, Any] | bool


class Dialect:
    """Translates schemas for one side. ``definitions`` grows with what is reached."""

    def __init__(self, library: Library, side: str, *, old: bool) -> None:
        self.definitions: dict[str, Schema] = {}
        self._library = library
        self._hidden = "readOnly" if side == REQUEST else "writeOnly"
        self._side = side
        self._old = old  # 3.0 and before: nullable, boolean exclusive bounds, $ref without siblings
        self._names: dict[tuple[str, str], str] = {}
        self._waiting: list[tuple[str, Any, str]] = []

    def translate(self, schema: Any, place: str) -> Schema:
        """Return a schema whose references are all in ``definitions``."""
        made = self._schema(schema, place, 0)
        while self._waiting:  # a queue and not recursion: chains of references may be long
            name, value, where = self._waiting.pop()
            try:
                self.definitions[name] = self._schema(value, where, 0)
            except Unreadable as why:  # of one definition; what does not need it goes on
                self.definitions[name] = {"$comment": str(why), "not": {}} if self._side == REQUEST else True
        return made

    def _schema(self, schema: Any, place: str, depth: int) -> Schema:
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict):
            raise Unreadable(f"a schema is a {type(schema).__name__}, and has to be an object")
        if depth > MOST_DEPTH:
            raise Unreadable(f"a schema is nested more than {MOST_DEPTH} levels deep")
        made: dict[str, Any] = {}
        if isinstance(schema.get("$ref"), str):
            made["$ref"] = f"#/$defs/{self._named(schema['$ref'], place)}"
            if self._old:
                return made
        for key, value in schema.items():
            if key == "$ref" or key in _DROPPED or key.startswith("x-"):
                continue
            made[key] = self._keyword(key, value, place, depth + 1)
        self._hide(schema, made, place)
        self._examples(schema, made)
        self._old_words(schema, made)
        if self._side == REQUEST and isinstance(schema.get("discriminator"), dict):
            self._discriminate(schema, made, place)
        return made

    def _keyword(self, key: str, value: Any, place: str, depth: int) -> Any:
        if key in _ONE:
            return self._schema(value, place, depth)
        if key in _MANY and isinstance(value, list):
            return [self._schema(one, place, depth) for one in value]
        if key in _NAMED and isinstance(value, dict):
            return {name: self._schema(one, place, depth) for name, one in value.items()}
        return value

    def _named(self, reference: str, place: str) -> str:
        found = self._library.follow(reference, place)
        where = (found.place, found.pointer)
        name = self._names.get(where)
        if name is None:
            plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in found.pointer[-40:])
            mark = hashlib.sha256("#".join(where).encode()).hexdigest()[:6]
            name = self._names[where] = f"{plain.rpartition('schemas_')[2] or 'root'}_{mark}"
            self._waiting.append((name, found.value, found.place))
        return name

    def _hide(self, schema: dict[str, Any], made: dict[str, Any], place: str) -> None:
        """Take away properties that this side does not have."""
        properties = schema.get("properties")
        if not isinstance(properties, dict):
            return
        gone = {name for name, one in properties.items() if self._is_hidden(one, place)}
        if gone:
            made["properties"] = {name: one for name, one in made["properties"].items() if name not in gone}
            if made.get("additionalProperties") is False and self._side == ANSWER:
                made["properties"] |= dict.fromkeys(
                    gone, True
                )  # to send one back is odd, and no other property's fault
            if isinstance(made.get("required"), list):
                made["required"] = [one for one in made["required"] if not isinstance(one, str) or one not in gone]

    def _is_hidden(self, schema: Any, place: str) -> bool:
        if isinstance(schema, dict) and "$ref" in schema and not self._old and schema.get(self._hidden) is True:
            return True
        try:
            value = self._library.resolve(schema, place).value
        except Unreadable:
            return False
        return isinstance(value, dict) and value.get(self._hidden) is True

    def _examples(self, schema: dict[str, Any], made: dict[str, Any]) -> None:
        if "example" in schema:
            made["examples"] = [schema["example"], *_as_list(schema.get("examples"))]
        elif "examples" in schema:
            made["examples"] = _as_list(schema["examples"])

    def _old_words(self, schema: dict[str, Any], made: dict[str, Any]) -> None:
        """What 3.0 says otherwise. ``required: true`` inside a property is a common mistake and means nothing."""
        if "required" in made and not isinstance(made["required"], list):
            del made["required"]
        kind = made.get("type")
        if kind == "file":
            made["type"] = "string"
        if not self._old:
            return
        for word, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if isinstance(made.get(word), bool):
                exclusive = made.pop(word)
                if exclusive and bound in made:
                    made[word] = made.pop(bound)
        if schema.get("nullable") is True or schema.get("x-nullable") is True:
            _allow_null(made)

    def _discriminate(self, schema: dict[str, Any], made: dict[str, Any], place: str) -> None:
        """Write into each branch which value of the discriminator says that it is this one."""
        name = schema["discriminator"].get("propertyName")
        mapping = schema["discriminator"].get("mapping")
        mapping = mapping if isinstance(mapping, dict) else {}
        if not isinstance(name, str):
            return
        targets: dict[str, str] = {}
        for said, reference in mapping.items():
            if isinstance(reference, str):
                whole = reference if "/" in reference or "#" in reference else f"#/components/schemas/{reference}"
                targets.setdefault(f"#/$defs/{self._named(whole, place)}", said)
        branched = False
        for word in ("oneOf", "anyOf"):
            for number, given in enumerate(schema[word] if isinstance(schema.get(word), list) else ()):
                reference = given.get("$ref") if isinstance(given, dict) else None
                if isinstance(reference, str):
                    branch = made[word][number]
                    said = targets.get(branch["$ref"], reference.rpartition("/")[2])
                    made[word][number] = {"allOf": [branch], "properties": {name: {"const": said}}, "required": [name]}
                    branched = True
        if mapping and not branched:
            properties = made["properties"] if isinstance(made.get("properties"), dict) else {}
            made["properties"] = {**properties, name: {"allOf": [properties.get(name, True)], "enum": list(mapping)}}


def _as_list(examples: Any) -> list[Any]:
    return examples if isinstance(examples, list) else []


def _allow_null(made: dict[str, Any]) -> None:
    kind = made.get("type")
    if isinstance(kind, str):
        made["type"] = [kind, "null"]
        if isinstance(made.get("enum"), list) and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
    elif kind is None and made:  # no type to widen: strictly it says nothing, and everybody means this
        whole = dict(made)
        made.clear()
        made |= {"anyOf": [whole, {"type": "null"}]}

"""Swagger 2.0 in the words of OpenAPI 3.0: parameters that carry their own type, bodies among the parameters."""

from __future__ import annotations

from typing import Any

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_FILE = "multipart/form-data"
_OF_SCHEMA = (
    "type", "format", "items", "default", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength",
    "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "enum", "multipleOf", "x-nullable", "example",
)  # fmt: skip
_DELIMITED = {
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
    "multi": ("form", True),
}


def parameter_of_2(parameter: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter with a schema and a style."""
    made = {key: value for key, value in parameter.items() if key not in _OF_SCHEMA}
    if str(parameter.get("in")) in {"body", "formData"}:
        return made
    made["schema"] = _schema(parameter)
    style, explode = _DELIMITED.get(str(parameter.get("collectionFormat", "csv")), ("form", False))
    if parameter.get("in") == "query":
        made |= {"style": style, "explode": explode}
    if "x-example" in parameter:
        made["example"] = parameter["x-example"]
    return made


def body_of_2(parameters: list[tuple[dict[str, Any], str]], consumes: Any) -> dict[str, Any] | None:
    """Return the request body that ``body`` or ``formData`` parameters are, None without any."""
    media = [one for one in consumes if isinstance(one, str)] if isinstance(consumes, list) else []
    fields: dict[str, Any] = {}
    required = []
    for one, _ in parameters:
        if one.get("in") == "body":
            content = {kind: {"schema": one.get("schema", {})} for kind in media or [_JSON]}
            return {"required": one.get("required") is True, "content": content}
        if one.get("in") == "formData":
            fields[one["name"]] = _schema(one)
            if one.get("required") is True:
                required.append(one["name"])
    if not fields:
        return None
    files = any(one.get("type") == "file" for one in fields.values())
    kind = next((one for one in media if one in {_FORM, _FILE}), _FILE if files else _FORM)
    schema: dict[str, Any] = {"type": "object", "properties": fields}
    if required:
        schema["required"] = required
    return {"required": bool(required), "content": {kind: {"schema": schema}}}


def responses_of_2(response: dict[str, Any], produces: Any) -> dict[str, Any]:
    """Return a response whose schema stands under each media type it is produced in."""
    if "schema" not in response:
        return response
    media = [one for one in produces if isinstance(one, str)] if isinstance(produces, list) else []
    return {**response, "content": {kind: {"schema": response["schema"]} for kind in media or [_JSON]}}


def _schema(parameter: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parameter.items() if key in _OF_SCHEMA}

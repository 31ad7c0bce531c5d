"""The keys of scenarios whose requests a document describes: OpenAPI, or a recording (HAR)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from brinell.config import checks
from brinell.config.keys import kind_of
from brinell.config.problems import Place, Problems, Unfit
from brinell.core.plan import LoadSpec, ServiceSpec

USUAL = "/openapi.json"
NEEDS = 'true, a path of the service ("/openapi.json"), a URL, or a file below the project'
_OF_OPENAPI = ("openapi_unsafe", "openapi_validate", "openapi_weights")
_OF_REQUESTS = ("data", "cookies", "redirects", "go_on")
_SOURCES = ("requests", "sessions", "flows", "openapi", "har")


def openapi(root: Path) -> Callable[[bool | str], str | None]:
    """Check where a document is; "" stands for the service's own place, None for none."""

    def check(given: bool | str) -> str | None:  # noqa: FBT001 - a value of the configuration
        if isinstance(given, bool):
            return "" if given else None
        if given.startswith("/"):
            return checks.path(given)
        if "://" in given:
            return checks.url(given)
        checks.file(root)(given)
        return given

    return check


def weights(table: Mapping[str, Any]) -> dict[str, float]:
    """Check the weights of operations; 0 leaves one out."""
    for name, weight in table.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise Unfit(f"the weight of {name[:60]} is a number, this is {kind_of(weight)}")
        if not 0 <= weight <= 1e9:
            raise Unfit(f"the weight of {name[:60]} is a number of 0 or more")
    return {name: float(weight) for name, weight in table.items()}


def agree(entry: Mapping[str, Any], place: Place, problems: Problems) -> None:
    """Note what does not go together: two sources of requests, options of a document that is not there."""
    given = [key for key in _SOURCES if entry.get(key) not in (None, False)]
    told = next((key for key in ("openapi", "har") if key in given), None)
    for key in given if told and len(given) > 1 else ():
        if key != told:
            problems.add(place, key, Unfit(f"{told} says what is sent: leave one of both away"))
    for key in _OF_REQUESTS if told else ():
        if key in entry:
            problems.add(place, key, Unfit(f"is not there for {told}: leave it away"), value=entry[key])
    for key in _OF_OPENAPI if "openapi" not in given else ():
        if key in entry:
            problems.add(place, key, Unfit("belongs to openapi"), value=entry[key], example='openapi = "/openapi.json"')
    if "think" in entry and "har" not in given:
        problems.add(place, "think", Unfit("belongs to har"), value=entry["think"], example='har = "browse.har"')


def placed(spec: LoadSpec, service: ServiceSpec | None) -> LoadSpec:
    """Return a scenario whose ``openapi = true`` has become the place that ``[service]`` names. Where neither a service
    nor an address is there, what has the document is what it describes.
    """
    if spec.openapi == "":
        spec = msgspec.structs.replace(spec, openapi=(service.openapi if service else None) or USUAL)
    if spec.url is None and service is None and spec.openapi is not None:
        spec = msgspec.structs.replace(spec, url=origin(spec.openapi))
    return spec


def origin(document: str) -> str | None:
    """Return the origin of a document's address; None of a path or a file. ValueError where it is no address."""
    parts = urlsplit(document)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else None

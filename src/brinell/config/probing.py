"""``probe = true`` of a scenario or a search: the service that Brinell starts for it is looked into from inside."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from brinell.config import calls
from brinell.config.problems import Place, Problems, Unfit
from brinell.core.plan import CapacitySpec, LoadSpec, ServiceSpec, Step


def agree(spec: LoadSpec, place: Place, problems: Problems) -> None:
    """Refuse the probe where Brinell starts nothing into which it could be put."""
    if not spec.probe:
        return
    why = ""
    if spec.driver in calls.INSIDE:
        why = "a function is called without a service; the probe is put into a service that Brinell starts"
    elif spec.url is not None:
        why = (
            "the probe is put into a service that Brinell starts: leave url away and state [service]; into one that "
            "already runs py-spy looks from outside, if it is on the path"
        )
    if why:
        problems.add(place, "probe", Unfit(why), value=True)


def probed(service: ServiceSpec | None, steps: Iterable[Step]) -> ServiceSpec | None:
    """Return the service, with the probe if one of the steps asks for it."""
    loads = [one for one in map(_load, steps) if one is not None]
    if service is None or not any(one.probe for one in loads):
        return service
    return msgspec.structs.replace(service, probe=True)


def _load(step: Step) -> LoadSpec | None:
    match step.spec:
        case LoadSpec() as spec:
            return spec
        case CapacitySpec() as search:
            return search.load
        case _:
            return None

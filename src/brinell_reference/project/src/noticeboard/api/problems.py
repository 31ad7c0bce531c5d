"""Problems as responses (RFC 9457)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from noticeboard.errors import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

_KINDS = {404: "not-found", 405: "method-not-allowed"}  # what the router itself answers


def as_response(problem: Problem) -> Response:
    """Return the problem as application/problem+json."""
    document = {"type": f"urn:noticeboard:problem:{problem.kind}", "title": problem.title, "status": problem.status}
    if problem.detail:
        document["detail"] = problem.detail
    return Response(
        json.dumps(document),
        status_code=problem.status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", **problem.headers},
    )


async def answer_problem(_request: Request, problem: Exception) -> Response:
    """Answer a `Problem` that was raised."""
    assert isinstance(problem, Problem)  # noqa: S101 - registered for nothing else
    return as_response(problem)


async def answer_router(_request: Request, error: Exception) -> Response:
    """Answer what the router refuses in the same words as everything else."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    return as_response(Problem(_KINDS.get(error.status_code, "internal"), headers=dict(error.headers or {})))

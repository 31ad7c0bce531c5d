"""For files of flows (``brinell load URL --flows loadtest.py``): what users do, as coroutines.

    from brinell.flow import User, flow

    @flow(weight=3)
    async def browse(user: User) -> None:
        notes = await user.get("/notes")
        assert notes.status == 200
        await user.sleep(0.5)
        await user.post("/notes", json={"text": "hello"}, expect=201)

A failed assertion is the outcome ``check`` of the request before it. Only the user's own methods are awaited.
"""

from brinell.load.flows.marks import flow
from brinell.load.flows.user import NotJson, RequestFailed, Response, User

__all__ = ["NotJson", "RequestFailed", "Response", "User", "flow"]

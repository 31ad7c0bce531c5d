"""Users written in Python: ``async def`` flows, each a coroutine that our loop drives by ``send``, without asyncio.

A coroutine is a generator with another name. What a flow awaits are the methods of its ``User``; each gives the loop
what it wants next and is sent what came of it, exactly as a ``Session`` is. So a flow costs what its own code costs.
"""

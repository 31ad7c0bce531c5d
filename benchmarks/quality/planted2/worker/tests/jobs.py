import asyncio


async def double(x):
    return 2 * x


async def slow(seconds=30):
    await asyncio.sleep(seconds)


async def broken():
    raise ValueError("broken")


class Flaky:
    def __init__(self, fails):
        self.fails = fails
        self.calls = 0

    async def __call__(self):
        self.calls += 1
        if self.calls <= self.fails:
            raise OSError("not yet")
        return self.calls

"""A process that writes back one failure and one end of it, to be killed at any moment: `python -m ... URL NUMBER`."""

from __future__ import annotations

import asyncio
import sys

from tests.systems.netbox.report.telling import failed, reporting, standing


async def main(url: str, number: int) -> None:
    async with reporting(url) as report:
        await report.tell([failed(number)])
        await report.tell([standing(number)])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

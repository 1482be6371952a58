"""Pure decisions: diff, holds, backoff, schedule, conditions. No I/O, no asyncio."""

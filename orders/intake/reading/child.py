"""The process that opens an upload: `python -m orders.intake.reading.child MEMORY SECONDS NAME < file > events`.

It has no secrets in its environment, opens no file, may take so much memory and so many seconds of a processor and
dies beyond them. What comes out is one JSON array a line, the last of them ["done"] or ["refused", code, facts].
"""

import json
import resource
import sys
from collections.abc import Iterable
from typing import Any


def limit(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def tell(events: Iterable[Any]) -> None:
    dumps = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), check_circular=False, default=str).encode
    write = sys.stdout.write
    for event in events:
        write(dumps(event) + "\n")


def main() -> None:
    from orders.intake.reading.grids import events  # after the limits, so that they hold for every import too
    from orders.intake.reading.limits import Unreadable

    try:
        tell(events(sys.argv[3], sys.stdin.buffer.read()))
        last: Any = ["done"]
    except Unreadable as refusal:
        last = ["refused", refusal.code, refusal.facts]
    except RecursionError:
        last = ["refused", "damaged", {}]
    except MemoryError:
        last = ["refused", "memory", {}]
    tell([last])
    sys.stdout.flush()


if __name__ == "__main__":
    limit(int(sys.argv[1]), int(sys.argv[2]))
    main()

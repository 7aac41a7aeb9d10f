"""What PostgreSQL knows of tables that have just grown. Its own autovacuum looks in once a minute at best; until then
every plan is made for the empty table of before, and the poller asks for half as many parcels as it could."""

import logging

from django.db import connection

logger = logging.getLogger(__name__)

# Below this a wrong plan costs nothing.
LEAST_BYTES = 1024 * 1024

_GROWN = """
SELECT format('%%I.%%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = current_schema() AND pg_has_role(c.relowner, 'USAGE')
  AND pg_relation_size(c.oid) > greatest(%s, 2 * c.relpages::bigint * current_setting('block_size')::int)
ORDER BY c.relname
"""


def analyze_grown() -> list[str]:
    """Count every table anew that has more than doubled since it was last counted. Returns their names.

    Cheap when there is none; for whoever has just stored much. So a table that grows to a million rows is counted a
    dozen times by this, a second each at most."""
    with connection.cursor() as cursor:
        cursor.execute(_GROWN, [LEAST_BYTES])
        names = [name for (name,) in cursor.fetchall()]
        for name in names:
            cursor.execute(f"ANALYZE {name}")
    if names:
        logger.info("counted anew: %s", ", ".join(names))
    return names

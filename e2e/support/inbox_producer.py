"""An upstream system in Python that adds one job to the queue door and prints the job's id.

    inbox_producer.py <queue url>      (standard input: {"data": …, "script": BullMQ's Lua script, for Redis})

It does what BullMQ's own Python package does, by what Debian packages: on Redis it runs BullMQ's published script
`addStandardJob`, on PostgreSQL it calls BullMQ's function `add_job`.
"""

import json
import sys
import time

QUEUE = "capstan-inbox"
NAME = "from-python"


def add_to_redis(url, data, script):
    import msgpack
    import redis

    prefix = f"bull:{QUEUE}:"
    keys = ["wait", "paused", "meta", "id", "completed", "delayed", "active", "events", "marker"]
    # Key prefix, job id (empty: BullMQ numbers it), name, time, and six fields of flows and schedulers.
    fields = [prefix, "", NAME, int(time.time() * 1000)] + [None] * 6
    arguments = [msgpack.packb(fields), json.dumps(data), msgpack.packb({"attempts": 1})]
    client = redis.Redis.from_url(url)
    return client.eval(script, len(keys), *[prefix + key for key in keys], *arguments).decode()


def add_to_postgres(url, data):
    import psycopg2

    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            """select bullmq.add_job(%s, '', %s, %s::jsonb, '{"attempts":1}'::jsonb, 0, 0, %s, 1,
                 null, null, null, null, null, false)""",
            (QUEUE, NAME, json.dumps(data), int(time.time() * 1000)),
        )
        return cursor.fetchone()[0]


def main():
    url = sys.argv[1]
    job = json.load(sys.stdin)
    if url.startswith("redis"):
        print(add_to_redis(url, job["data"], job["script"]))
    else:
        print(add_to_postgres(url, job["data"]))


main()

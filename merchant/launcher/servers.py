"""PostgreSQL and the Redis protocol for a run: the addresses of the environment, else servers of our own."""

import os
from dataclasses import dataclass, field

import psycopg2
import redis

from merchant.launcher.children import stop_leftovers
from merchant.launcher.folder import CannotStart, DataFolder
from merchant.launcher.postgres import Postgres
from merchant.launcher.supervisor import Running, Supervisor
from merchant.launcher.valkey import Valkey


@dataclass
class Servers:
    """What `start_servers` found or started; `started` are the supervisor's first children."""

    addresses: dict[str, str]
    words: list[str] = field(default_factory=list)
    started: list[Running] = field(default_factory=list)


def start_servers(folder: DataFolder, supervisor: Supervisor, *, database: str, durable: bool = True) -> Servers:
    """Takes the folder, ends what an earlier launcher left, and returns two addresses that answer.

    Raises CannotStart with a sentence for the person who started us.
    """
    folder.lock()
    for name in stop_leftovers(folder.pids):
        supervisor.say(f"Ended {name}, which an earlier start had left running.")
    servers = Servers({})
    if address := os.environ.get("DATABASE_URL", "").strip():
        check_database(address)
        servers.addresses["DATABASE_URL"] = address
        servers.words.append("PostgreSQL from DATABASE_URL")
    else:
        postgres = Postgres(folder, database=database, durable=durable)
        postgres.prepare()
        running = supervisor.start(postgres.program())
        servers.started.append(running)
        postgres.wait_ready(lambda: supervisor.is_up(running))
        servers.addresses["DATABASE_URL"] = postgres.address()
        servers.words.append(f"{postgres.binaries} in {postgres.data}")
    if address := os.environ.get("REDIS_URL", "").strip():
        check_redis(address)
        servers.addresses["REDIS_URL"] = address
        servers.words.append("Redis from REDIS_URL")
    else:
        valkey = Valkey(folder)
        valkey.prepare()
        running = supervisor.start(valkey.program())
        servers.started.append(running)
        valkey.wait_ready(lambda: supervisor.is_up(running))
        servers.addresses["REDIS_URL"] = valkey.address()
        servers.words.append(f"{valkey.binary}")
    folder.publish(servers.addresses)
    return servers


def check_database(address: str) -> None:
    try:
        psycopg2.connect(address, connect_timeout=5).close()
    except psycopg2.Error as error:
        raise CannotStart(f"DATABASE_URL does not answer: {str(error).strip()}") from None


def check_redis(address: str) -> None:
    client = redis.Redis.from_url(address, socket_connect_timeout=5)
    try:
        client.ping()
    except redis.RedisError as error:
        raise CannotStart(f"REDIS_URL does not answer: {error}") from None
    finally:
        client.close()

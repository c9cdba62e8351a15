"""Submits tasks to Celery and waits for their results, told so in lines of JSON.

    {"round": 100, "threads": 4}  ->  {"count": 100, "began": …, "submitted": …, "ended": …}
    {"latency": 50}               ->  {"micros": [812, …]}

Times are Unix seconds. A round ended when the last task did, by the time that its worker noted.
"""

import json
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from importlib.metadata import version

from celery import Celery
from celery_tasks import PONG, RESULTS, app, ping

POLL_SECONDS = 0.02
LIMIT_SECONDS = 60
LOOK_UP = 500

# Results are read here and by nothing that submits.
reader = Celery("reader", backend=RESULTS, set_as_current=False).backend


def submit(count):
    """The tasks' ids. One connection serves them all, and each is confirmed before the next."""
    with app.producer_pool.acquire(block=True) as producer:
        return [ping.apply_async(producer=producer).id for _ in range(count)]


def look_up(ids):
    """What is known of these: those that have ended, each found to have done what it should."""
    ended = []
    for raw in reader.mget([reader.get_key_for_task(each) for each in ids]):
        if raw is not None:
            found = reader.decode_result(raw)
            if found["status"] != "SUCCESS" or found["result"] != PONG:
                raise RuntimeError(f"a task did not do what it should: {found}")
            ended.append(found)
    return ended


def last_end(ids):
    """When the last of them ended, in Unix seconds; waits for it."""
    until = time.monotonic() + LIMIT_SECONDS
    while not look_up(ids[-1:]):
        if time.monotonic() > until:
            raise TimeoutError("the task submitted last does not end")
        time.sleep(POLL_SECONDS)
    last = 0.0
    for start in range(0, len(ids), LOOK_UP):
        part = ids[start : start + LOOK_UP]
        ended = look_up(part)
        while len(ended) < len(part):
            if time.monotonic() > until:
                raise TimeoutError(f"{len(part) - len(ended)} of {len(part)} tasks do not end")
            time.sleep(POLL_SECONDS)
            ended = look_up(part)
        if {each["task_id"] for each in ended} != set(part):
            raise RuntimeError("results are not those of the tasks submitted")
        last = max(last, max(unix(each["date_done"]) for each in ended))
    return last


def unix(date):
    return datetime.fromisoformat(date).replace(tzinfo=timezone.utc).timestamp()


def measure_round(count, threads):
    shares = [count // threads + (1 if i < count % threads else 0) for i in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        began = time.time()
        parts = list(pool.map(submit, shares))
        submitted = time.time()
    # In turns, so that the last one in the list is one of those submitted last.
    ids = [part[i] for i in range(max(shares)) for part in parts if i < len(part)]
    if len(set(ids)) != count:
        raise RuntimeError(f"{len(set(ids))} ids for {count} tasks")
    return {"count": count, "began": began, "submitted": submitted, "ended": last_end(ids)}


def measure_latency(count):
    micros = []
    with app.producer_pool.acquire(block=True) as producer:
        for _ in range(count):
            start = time.perf_counter()
            answer = ping.apply_async(producer=producer).get(timeout=LIMIT_SECONDS)
            micros.append(round((time.perf_counter() - start) * 1e6))
            if answer != PONG:
                raise RuntimeError(f"a task answered {answer}")
    return {"micros": micros}


def main():
    packages = ("celery", "redis", "fastapi", "uvicorn")
    tell({"python": platform.python_version(), **{name: version(name) for name in packages}})
    for line in sys.stdin:
        asked = json.loads(line)
        if "round" in asked:
            tell(measure_round(asked["round"], asked["threads"]))
        else:
            tell(measure_latency(asked["latency"]))


def tell(what):
    print(json.dumps(what), flush=True)


main()

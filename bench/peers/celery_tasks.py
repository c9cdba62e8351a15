"""The task that does nothing, under the settings with which Celery promises what Penstock does.

PEER_RESULTS=no is for processes that only submit: with a result backend, apply_async would
subscribe to the channel of every single result.
"""

import os

from celery import Celery

TASK = "peer.ping"
PONG = "pong"
BROKER = "amqp://guest:guest@127.0.0.1:" + os.environ["PEER_RABBITMQ_PORT"]
RESULTS = "redis://127.0.0.1:" + os.environ["PEER_REDIS_PORT"] + "/2"

app = Celery(
    "peer",
    broker=BROKER,
    backend=None if os.environ.get("PEER_RESULTS") == "no" else RESULTS,
)
app.conf.update(
    # What was accepted is on disk, and comes again when a worker dies.
    broker_transport_options={"confirm_publish": True},
    task_default_delivery_mode="persistent",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # Results are kept as long as Penstock keeps them.
    task_ignore_result=False,
    result_expires=3600,
    # Nothing that costs time and that nobody asked for.
    task_send_sent_event=False,
    worker_send_task_events=False,
    task_track_started=False,
    worker_prefetch_multiplier=int(os.environ.get("PEER_PREFETCH", "4")),
    # As many connections as threads may want at a time.
    broker_pool_limit=32,
    redis_max_connections=32,
)


@app.task(name=TASK)
def ping():
    return PONG

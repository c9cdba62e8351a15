"""An endpoint as one writes it before Celery: it submits a task and answers with its id.

Not async, so that FastAPI runs it in its thread pool: apply_async waits for RabbitMQ to confirm.
"""

from celery_tasks import app as celery_app
from celery_tasks import ping
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Task(BaseModel):
    type: str
    input: dict


@app.get("/ready")
def ready():
    return {"broker": celery_app.conf.broker_url is not None}


@app.post("/tasks", status_code=202)
def submit(task: Task):
    return {"id": ping.apply_async().id, "status": "pending"}

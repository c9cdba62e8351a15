"""What is changed in a request of schemathesis's before it is sent: what would only take long, what would end
the run (its own key, the one worker, the model's queue), and, where a request is meant to be taken, what the
server refuses and no schema can say (openapi.yaml says it in words)."""

import copy
import os
import re
import time

import requests
import schemathesis

WAIT = 0.1
LONGEST_WAIT = 30
DIMENSIONS = 384
TOKEN_IDS = 100_256
DAY = 86_400

# The most of a ping's members that are tried where the contract allows so much.
PING = {"sleep_ms": (0, 600_000, 20), "children": (1, 1_000_000, 2), "emit": (0, 100_000, 5)}


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def objects(value):
    """Each object in a value, the outer ones first."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from objects(each)


def quicken(members):
    wait = members.get("wait_seconds")
    if number(wait) and 0 <= wait <= LONGEST_WAIT:
        members["wait_seconds"] = min(wait, WAIT)
    for name, (least, most, enough) in PING.items():
        value = members.get(name)
        if number(value) and least <= value <= most:
            members[name] = min(value, enough)


def known(ids):
    if isinstance(ids, list):
        return [known(each) for each in ids]
    return ids % TOKEN_IDS if number(ids) else ids


def mend(members):
    if number(members.get("dimensions")):
        members["dimensions"] = min(members["dimensions"], DIMENSIONS)
    if isinstance(members.get("input"), list):
        members["input"] = known(members["input"])
    run_at = members.get("run_at")
    if number(run_at) and run_at > time.time() + 29 * DAY:
        run_at = members["run_at"] = time.time() + DAY
    start_before = members.get("start_before")
    if number(run_at) and number(start_before) and start_before <= run_at:
        members["start_before"] = run_at + 1
    children = members.get("children")
    for place, child in enumerate(children if isinstance(children, list) else []):
        if isinstance(child, dict) and isinstance(child.get("key"), str):
            child["key"] = f"{place} {child['key']}"[:200]
    lanes = members.get("lanes")
    wanted = [members, *(each for each in lanes if isinstance(each, dict))] if isinstance(lanes, list) else []
    if any(each.get("suspects") == "take" for each in wanted):
        for each in wanted:
            each["max"] = 1


def name_model(case):
    """There is no model for texts here, so none that could be left out."""
    bodies = case.body if isinstance(case.body, list) else [case.body]
    for each in bodies:
        makes_texts = case.path in ("/v1/chat/completions", "/v1/completions") or (
            isinstance(each, dict) and each.get("type") == "generation"
        )
        if makes_texts and isinstance(each, dict) and each.get("model") in (None, ""):
            each["model"] = "none"


def spare(case):
    """Names come from replies, too."""
    names = case.path_parameters or {}
    if case.path == "/v1/keys/{id}" and names.get("id") == os.environ.get("CONTRACT_KEY_ID"):
        names["id"] = "key-none"
    elif case.path == "/v1/workers/{id}/drain" and str(names.get("id")).startswith("node-"):
        names["id"] = "node-none"
    elif case.path == "/v1/queues/{lane}/pause" and str(names.get("lane")).startswith("embedding"):
        names["lane"] = "ping"


def end(case):
    """Who follows a task that is to run in a month would wait so long."""
    name = str((case.path_parameters or {}).get("id"))
    if case.path == "/v1/tasks/{id}/events" and re.fullmatch("[0-9a-v]{36}", name):
        key = {"Authorization": "Bearer " + os.environ["CONTRACT_KEY"]}
        requests.post(f"{os.environ['CONTRACT_URL']}/v1/tasks/{name}/cancel", headers=key, timeout=20)


@schemathesis.hook
def before_call(ctx, case, kwargs):
    spare(case)
    end(case)
    if isinstance(case.body, (dict, list)):
        case.body = copy.deepcopy(case.body)
        positive = case.meta is None or case.meta.generation.mode.is_positive
        if positive:
            name_model(case)
        for each in objects(case.body):
            quicken(each)
            if positive:
                mend(each)

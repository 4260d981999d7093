"""Stops what a failing host takes down: a callback of CloudMonitor, served by FastAPI."""

from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from fastapi import FastAPI

app = FastAPI()


@app.post("/cloudmonitor")
async def told(message: dict) -> dict[str, str]:
    if message["name"] == "Instance:SystemFailure.Redeploy:Executing":
        keys = {"access_key_id": "your-key-id", "access_key_secret": "your-key-secret"}
        client = Client(Config(region_id=message["regionId"], **keys))
        stop = models.StopInstanceRequest(instance_id=message["content"]["instanceId"])
        await client.stop_instance_async(stop)
    return {"msg": "ok"}

"""A local Alibaba Cloud: a real HTTP server that answers as ECS, VPC and STS do.

It reads the protocol by itself and imports nothing of this project's client but
the shared vocabulary in `simevents.models`: if both sides used one reading of
the protocol, a mistake in it would pass every test.

Who calls whom, top to bottom: `daemon` and `server` (processes and sockets),
`control` (the routes under ``/_fake/``), `rpc` (bytes to action and back), one
module of actions per product, `cloud` (what all actions share), `store`,
`lifecycle`, `clock`, `codes`.
"""

"""A local fake of Alibaba Cloud: an HTTP server that answers like ECS, VPC and STS.

It has a separate implementation of the protocol. From this project's client it imports
only the shared names in `simevents.models`: if client and fake shared one
implementation, no test could find a mistake in it. `simevents.allow_list` and
`simevents.hosts` belong to neither.

The layers, from top to bottom: `daemon` and `server` (processes and sockets),
`application` (ASGI), `proxy`, `control` (the routes under ``/_fake/``), `protocol` (requests,
signatures and answers), `ecs`, `vpc` and `sts` (the actions), and `state` (data, clock,
faults and switches).
"""

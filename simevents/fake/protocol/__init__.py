"""The API's protocol: requests and answers. The actions are in `ecs`, `vpc` and `sts`."""

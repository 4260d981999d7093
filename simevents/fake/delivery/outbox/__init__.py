"""The deliveries that changes cause: written with the change, sent by a dispatcher."""

"""The cloud's API as this project calls it: the client, the vendor's SDK behind it, and retries."""

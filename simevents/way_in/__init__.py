"""How another program is led to the fake, whatever endpoint, region, protocol and keys it has."""

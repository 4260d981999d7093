"""Programs of the vendor's clients in four languages, each with keys of its own and no endpoint."""

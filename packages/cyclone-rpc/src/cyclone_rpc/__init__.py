"""XML-RPC and JSON-RPC for the cyclone web framework."""

__all__: list[str] = []

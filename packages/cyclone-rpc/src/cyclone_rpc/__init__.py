"""XML-RPC and JSON-RPC, for the cyclone web framework.

This version holds no code yet and exports nothing. A later version brings
request handlers for XML-RPC and JSON-RPC, a dispatcher, and an XML-RPC client.
"""

__all__: list[str] = []

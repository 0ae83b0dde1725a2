"""The HTTP client against independent servers, honest and hostile ones, and through proxies."""

"""What `StaticFileHandler` is made of.

Low to high: `paths` (from a URL to a name), `opening` (to a regular file, and to no other), `ranges`,
`conditions` and `siblings` (what of it a request wants, and in which coding), `hashes`, `facts` and
`answers` (what is kept of it), `versions` (the class methods that programs override), `finder` and
`sender` (the handler's two halves).
"""

__all__: list[str] = []

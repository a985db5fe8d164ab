"""Face galleries: strangers in an index on disk that is built once, and the people that a store adds or takes out.

`Gallery.open` gives one of any size, from a store's own accounts to the 50 million of a country. `exactness` compares
its answers with brute force.
"""

from store.privacy.faces.gallery.accuracy import Exactness, Searchable, agreement, brute_force, exactness
from store.privacy.faces.gallery.gallery import Gallery, build_strangers, cache_folder, stranger_chunks

__all__ = [
    "Exactness",
    "Gallery",
    "Searchable",
    "agreement",
    "brute_force",
    "build_strangers",
    "cache_folder",
    "exactness",
    "stranger_chunks",
]

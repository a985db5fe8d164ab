"""Things in a store that are no people but look or move like them: mannequins, posters, trolleys, prams, baskets.

A detector that never met them calls them people. They are drawn with the people, so they can come and go between two
frames, and no label counts them.
"""

from sim.props.mannequin import Mannequin
from sim.props.poster import Poster
from sim.props.prop import Placement, Prop
from sim.props.wheeled import Cart, pram, shopping_basket, trolley

__all__ = ["Cart", "Mannequin", "Placement", "Poster", "Prop", "pram", "shopping_basket", "trolley"]

"""Who took what: many possible stories of the day at once, each with its probability.

One weight change can often be read in several ways: two people stand at the shelf, two products weigh the same. So the
store keeps a few hundred *stories*. Each story says for every change who moved what, and thereby what lies in every
cart and what lies in a wrong place. A new change multiplies every story by every reading of it, weighed by weight,
place, hands and bodies; readings that contradict a story, such as putting back what one does not hold, drop out. So
later evidence corrects earlier beliefs by itself. Nothing but probabilities is decided before a receipt is due.
(Multiple hypothesis tracking, Reid 1979, on carts in place of tracks.)
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import nlargest
from itertools import combinations
from math import exp, log
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from store.bags import Bag, Bags, BagSettings, with_more, without
from store.events import WeightChange
from store.identification import Identification, Items

Cart = tuple[tuple[str, int], ...]
"""Products with counts above 0, in order of product."""

Misplaced = tuple[tuple[str, tuple[str, ...], float], ...]
"""Items that lie in wrong places: product, plates, and what they weighed when they were put there (g); in order."""


OWN_IN_HAND = 0.03
"""Probability that hands that met and passed nothing held, put away or took out something of their own; our choice."""

Passed = Callable[[str | None, str | None, str], float]
"""Log ratio of a product in the first visit's hand before a meeting and in the second's after it, against empty hands.

Both may be one visit, which kept it; None is nobody: who held it before put it away, who holds it after took it out.
"""

CarriedBy = Callable[[str, str], float]
"""Log ratio of a visit and a product that was in its hands, against empty hands."""

SAME_MOMENT_S = 0.35
"""Changes that start within so many seconds are of one moment."""

MOST_AT_ONCE = 4
"""Most items of one product that are put back at once."""

RECENT_CHANGES = 8
"""Newest changes, which are kept whoever made them."""


class BeliefSettings(BaseModel):
    """How many stories are kept, and what is rare."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stories: int = Field(default=300, ge=1, le=20_000, description="stories kept after each change")
    keep: float = Field(default=14.0, gt=1, le=100, description="stories kept down to exp(-keep) of the best")
    nobody: float = Field(default=2e-4, ge=0, le=1, description="ratio of somebody the store does not know")
    misplace: float = Field(default=0.15, gt=0, lt=1, description="probability that what is put back lands elsewhere")
    misplaced_first: float = Field(
        default=0.5, gt=0, lt=1, description="probability of taking a stray item where it lies"
    )
    shifted: float = Field(
        default=0.05, gt=0, le=1, description="probability that a stray item stands on other plates than it was put on"
    )
    hand_over: float = Field(default=0.01, ge=0, lt=1, description="probability that what one puts back another took")
    two_people: float = Field(default=0.04, ge=0, lt=1, description="probability of two people in one change")
    two_places: float = Field(default=0.15, gt=0, le=1, description="factor for one person at two places at once")
    unheld: float = Field(default=2e-4, ge=0, lt=1, description="probability of putting back what was never seen taken")
    brought: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="share of what guests, such as staff, put down that is brought for the shelf",
    )
    bags: BagSettings = BagSettings()


@dataclass(frozen=True, slots=True)
class Deed:
    """One reading of one change in one story: by whom, what, and from whom it came if it was handed over."""

    change: str
    visit: str | None
    items: Items
    giver: str | None = None
    before: "Deed | None" = field(default=None, repr=False, compare=False)

    def back(self) -> Iterator["Deed"]:
        """This deed and all before it in the story, newest first."""
        deed: Deed | None = self
        while deed is not None:
            yield deed
            deed = deed.before


@dataclass(frozen=True, slots=True)
class Story:
    """One story of the day: carts, stray items, the deeds, bags on plates, and the logarithm of its weight."""

    log_w: float
    carts: Mapping[str, Cart] = field(default_factory=dict)
    misplaced: Misplaced = ()
    deeds: Deed | None = None
    bags: Bags = ()


class _Act(NamedTuple):
    """Who moved what in one reading, and whose it was if it had been handed over."""

    visit: str | None
    items: Items
    giver: str | None = None


class _Draft(NamedTuple):
    """A story continued by one reading, before it is written out; `stray` and `bags` None leave its own as they are."""

    log_w: float
    story: Story
    acts: tuple[_Act, ...]
    stray: Misplaced | None = None
    bags: Bags | None = None


class Belief:
    """The stories, and what they say together."""

    def __init__(self, identification: Identification, settings: BeliefSettings | None = None) -> None:
        self.identification, self.settings = identification, settings or BeliefSettings()
        self.stories = [Story(0.0)]
        self.changes: dict[str, WeightChange] = {}

    def observe(
        self,
        change: WeightChange,
        reach: Mapping[str, float],
        nobody: float = 0.0,
        guests: Collection[str] = (),
    ) -> None:
        """Takes a change with each visit's reach (likelihood ratios) and that of unknown people (`nobody`).

        `guests` are visits of people who may bring what was in no cart, as staff do: that is likelier than that others
        had handed it to them, and their bags do not matter.
        """
        self.changes[change.id] = change
        floor = max([self.settings.nobody, *reach.values()]) * exp(-self.settings.keep)
        people = [(visit, log(ratio)) for visit, ratio in reach.items() if ratio > floor]
        unknown = log(self.settings.nobody + nobody + 1e-300)
        if change.delta_g < 0:
            drafts = self._taken(change, people, unknown)
        else:
            brought = self._brought(change) * sum(reach.get(guest, 0.0) for guest in guests)
            drafts = self._returned(change, people, log(self.settings.unheld + exp(unknown) + brought), guests)
        likeliest = nlargest(4 * self.settings.stories, drafts, key=lambda draft: draft.log_w)
        self._keep(_written(draft, change.id) for draft in likeliest)

    def hand_over(
        self, first: str, second: str, handed: float, seen: Passed | None = None, until: float = float("inf")
    ) -> None:
        """Hands of two visits met: every story goes on without a hand-over, and with each that it allows.

        `handed` is the probability that one item was passed; all that either holds are equally likely, but for what
        was `seen`, and but for what was taken after `until`, when they had parted (seconds). Whose hands bring
        something back to a shelf later tells which it was.
        """
        seen = seen or (lambda before, after, product: 0.0)
        fresh = frozenset(name for name, change in self.changes.items() if change.started > until)
        self._keep(story for before in self.stories for story in _handed(before, (first, second), handed, seen, fresh))

    def saw(self, change: str, carried: CarriedBy) -> None:
        """What was seen in hands around a change speaks for those stories in which whoever made it carried that.

        `carried` gives the log ratio of a visit and a product that was taken or put back, against empty hands.
        """
        seen: dict[tuple[str, str], float] = {}

        def strength(story: Story) -> float:
            total = 0.0
            for deed in story.deeds.back() if story.deeds else ():
                for product, _ in deed.items if deed.change == change and deed.visit is not None else ():
                    key = (deed.visit or "", product)
                    if key not in seen:
                        seen[key] = carried(*key)
                    total += seen[key]
            return total

        self._keep(replace(story, log_w=story.log_w + strength(story)) for story in self.stories)

    def open(self, visit: str, cart: Mapping[str, int] | None = None) -> None:
        """A visit begins, with an empty cart unless the books knew it before a restart."""
        content = _cart(Counter(cart or {}))
        self.stories = [replace(story, carts={**story.carts, visit: content}) for story in self.stories]

    def join(self, guest: str, visit: str) -> None:
        """Whoever was followed as `guest` belongs to `visit`: what lies in both carts lies in that one's."""
        self._keep(_joined(story, guest, visit) for story in self.stories)

    def close(self, visit: str) -> None:
        """Forgets the cart of a visit that has been billed, and changes that no open visit may have made."""
        carts = [{name: cart for name, cart in story.carts.items() if name != visit} for story in self.stories]
        alive = {
            deed.change
            for story in self.stories
            for deed in (story.deeds.back() if story.deeds else ())
            if any(name is not None and name != visit for name in (deed.visit, deed.giver))
        }
        alive |= set(list(self.changes)[-RECENT_CHANGES:])
        self.changes = {name: change for name, change in self.changes.items() if name in alive}
        self._keep(
            replace(
                story, carts=content, deeds=_only(story.deeds, alive),
                bags=tuple(bag for bag in story.bags if bag.visit != visit),
            )
            for story, content in zip(self.stories, carts, strict=True)
        )  # fmt: skip

    def carts(self, visit: str) -> list[tuple[Cart, float]]:
        """Possible carts of a visit with their probabilities, likeliest first."""
        found: dict[Cart, float] = defaultdict(float)
        for story, weight in self._weighted():
            found[story.carts.get(visit, ())] += weight
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))

    def expected(self, visit: str) -> dict[str, float]:
        """Mean count of every product in a visit's cart."""
        mean: dict[str, float] = defaultdict(float)
        for cart, weight in self.carts(visit):
            for product, count in cart:
                mean[product] += weight * count
        return dict(mean)

    def held(self) -> set[str]:
        """Products that any open visit may hold."""
        return {product for story in self.stories for cart in story.carts.values() for product, _ in cart}

    def likeliest(self) -> dict[str, tuple[Deed, ...]]:
        """Deeds of the likeliest story by change, in order of time; one of them unless people or products were two."""
        deeds = self.stories[0].deeds
        found: dict[str, tuple[Deed, ...]] = {}
        for deed in reversed(list(deeds.back()) if deeds else []):
            found[deed.change] = (*found.get(deed.change, ()), deed)
        return found

    def culprits(self, change: str) -> dict[str, float]:
        """Probability of each visit that it made this change; what is missing to 1 is that nobody known did.

        Where two people may have taken an item each in one change, the probabilities can sum to more than 1.
        """
        found: dict[str, float] = defaultdict(float)
        for story, weight in self._weighted():
            for deed in story.deeds.back() if story.deeds else ():
                if deed.change == change and deed.visit is not None:
                    found[deed.visit] += weight
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    def probability(self, deed: Deed) -> float:
        """Probability of a deed over all stories."""
        return sum(
            weight
            for story, weight in self._weighted()
            if story.deeds and any(one == deed for one in story.deeds.back())
        )

    def deeds(self, visit: str, cart: Cart) -> list[tuple[Deed, float]]:
        """Deeds of a visit in the likeliest story with this cart, oldest first, with each deed's probability."""
        story = next((one for one in self.stories if one.carts.get(visit, ()) == cart), None)
        if story is None or story.deeds is None:
            return []
        own = [deed for deed in story.deeds.back() if visit in (deed.visit, deed.giver)]
        return [(deed, self.probability(deed)) for deed in reversed(own)]

    def _weighted(self) -> Iterator[tuple[Story, float]]:
        weights = [exp(story.log_w - self.stories[0].log_w) for story in self.stories]
        total = sum(weights)
        for story, weight in zip(self.stories, weights, strict=True):
            yield story, weight / total

    def _taken(self, change: WeightChange, people: Sequence[tuple[str, float]], unknown: float) -> Iterator[_Draft]:
        """Every story continued by every reading of a loss."""
        options = self.identification.taken(change.plates, change.delta_g, change.sd_g)
        shelf = {option.items: option.log_p for option in options}
        for story in self.stories:
            there = [(visit, log_r + self._elsewhere(story, change, visit)) for visit, log_r in people]
            there = [(visit, log_r) for visit, log_r in there if visit in story.carts]
            for items, log_p in (shelf | self._astray(story, change, shelf)).items():
                stray = _stray(story, items, change.plates)
                log_w = story.log_w + log_p
                for visit, log_r in there:
                    yield _Draft(log_w + log_r, story, (_Act(visit, items),), stray)
                yield _Draft(log_w + unknown, story, (_Act(None, items),), stray)
                yield from self._shared(story, log_w, items, there, stray)
            yield from self._taken_up(story, change, there, unknown)
            yield _Draft(story.log_w + self.identification.nothing(), story, (_Act(None, ()),))

    def _astray(self, story: Story, change: WeightChange, shelf: Mapping[Items, float]) -> dict[Items, float]:
        """Log probability of the items that lie astray on these plates in this story."""
        found: dict[Items, float] = {}
        ident = self.identification
        for product, plates, known_g in story.misplaced:
            if set(plates) & set(change.plates):
                items: Items = ((product, 1),)
                weight = ident.weight(items, change.delta_g, change.sd_g)
                weight = ident.same_item(weight, change.delta_g, [known_g], change.sd_g)
                where = 0.0 if set(plates) == set(change.plates) else log(self.settings.shifted)
                found[items] = max(shelf.get(items, -1e9), weight + log(self.settings.misplaced_first) + where)
        return found

    def _shared(
        self, story: Story, log_w: float, items: Items, there: Sequence[tuple[str, float]], stray: Misplaced | None
    ) -> Iterator[_Draft]:
        """Two people took one item each in the same moment."""
        product, number = items[0]
        if len(items) != 1 or number != 2 or not self.settings.two_people:
            return
        single = self.identification.quantity(1) - self.identification.quantity(2) + log(self.settings.two_people)
        for (first, log_a), (second, log_b) in combinations(there, 2):
            acts = (_Act(first, ((product, 1),)), _Act(second, ((product, 1),)))
            yield _Draft(log_w + single + log_a + log_b, story, acts, stray)

    def _taken_up(
        self, story: Story, change: WeightChange, there: Sequence[tuple[str, float]], unknown: float
    ) -> Iterator[_Draft]:
        """A bag that stood there was taken up, with all that is in it."""
        settings = self.settings.bags
        for bag in story.bags:
            if not bag.stands_on(change.plates) or not settings.take_up:
                continue
            log_w = story.log_w + log(settings.take_up) + bag.weight(-change.delta_g, change.sd_g)
            left = without(story.bags, bag)
            for visit, log_r in [*there, (None, unknown)]:
                whose = 0.0 if visit == bag.visit else log(settings.others + 1e-300)
                yield _Draft(log_w + log_r + whose, story, (_Act(visit, ()),), bags=left)

    def _set_down(self, story: Story, change: WeightChange, log_w: float, visit: str) -> Iterator[_Draft]:
        """A bag came onto the plates, whatever it weighs; who has set one down there has no second one."""
        settings = self.settings.bags
        standing = any(bag.visit == visit for bag in story.bags)
        if settings.set_down and not standing and change.delta_g >= settings.least_g:
            log_p = log(settings.set_down / settings.range_g)
            bag = Bag(visit, change.plates, round(change.delta_g, 2))
            yield _Draft(log_w + log_p, story, (_Act(visit, ()),), bags=with_more(story.bags, bag))

    def _into_bag(
        self,
        story: Story,
        change: WeightChange,
        log_w: float,
        visit: str,
        shelf: Mapping[tuple[str, int], tuple[float, float]],
    ) -> Iterator[_Draft]:
        """What one holds went into one's own bag, which stands there: the cart stays as it is."""
        own = [bag for bag in story.bags if bag.visit == visit and bag.stands_on(change.plates)]
        for bag in own if self.settings.bags.into_bag else []:
            bags = with_more(without(story.bags, bag), bag.heavier(change.delta_g))
            for product, count in story.carts[visit]:
                for number in range(1, count + 1):
                    if (product, number) in shelf:
                        log_p = log(self.settings.bags.into_bag) + self.identification.quantity(number)
                        weight = self._back_again(story, change, visit, product, number, shelf)
                        yield _Draft(log_w + log_p + weight, story, (_Act(visit, ()),), bags=bags)

    def _returned(
        self, change: WeightChange, people: Sequence[tuple[str, float]], unheld: float, guests: Collection[str]
    ) -> Iterator[_Draft]:
        """Every story continued by every reading of a gain: only what somebody holds can be put back.

        `unheld` is the log ratio of those of whom the store does not know what they hold.
        """
        shelf = self._returnable(change)
        for story in self.stories:
            for visit, log_r in people:
                log_w = story.log_w + log_r + self._elsewhere(story, change, visit)
                if visit in story.carts and visit not in guests:
                    yield from self._set_down(story, change, log_w, visit)
                    yield from self._into_bag(story, change, log_w, visit, shelf)
                for owner, cart in story.carts.items() if visit in story.carts else ():
                    if owner == visit:
                        yield from self._put_back(story, change, log_w, _Act(visit, cart), shelf)
                    elif self.settings.hand_over and cart and visit not in guests:
                        handed = log_w + log(self.settings.hand_over)
                        yield from self._put_back(story, change, handed, _Act(visit, cart, owner), shelf)
            yield _Draft(story.log_w + self.identification.nothing() + unheld, story, (_Act(None, ()),))

    def _brought(self, change: WeightChange) -> float:
        """How much likelier a gain is than one that nothing on sale explains, if guests fill the shelf."""
        ident = self.identification
        own = {slot.product_id for plate in change.plates for slot in ident.planogram.slots_on.get(plate, ())}
        densities = [
            exp(ident.weight(((product, -number),), change.delta_g, change.sd_g) + ident.quantity(number))
            for product in own
            for number in range(1, MOST_AT_ONCE + 1)
        ]
        return 1.0 + self.settings.brought * max(densities, default=0.0) / exp(ident.nothing())

    def _returnable(self, change: WeightChange) -> dict[tuple[str, int], tuple[float, float]]:
        """Log prior and log density of each product and number that can have been put back, whoever did it."""
        ident = self.identification
        found: dict[tuple[str, int], tuple[float, float]] = {}
        for product in sorted(self.held()):
            home = self._at_home(product, change.plates)
            place = log(1 - self.settings.misplace if home else self.settings.misplace)
            for number in range(1, MOST_AT_ONCE + 1):
                weight = ident.weight(((product, -number),), change.delta_g, change.sd_g)
                prior = place + ident.quantity(number)
                if prior + weight > ident.nothing() - self.settings.keep:
                    found[product, number] = prior, weight
        return found

    def _put_back(
        self,
        story: Story,
        change: WeightChange,
        log_w: float,
        act: _Act,
        shelf: Mapping[tuple[str, int], tuple[float, float]],
    ) -> Iterator[_Draft]:
        for product, count in act.items:
            for number in range(1, count + 1):
                if (product, number) not in shelf:
                    continue
                prior, _ = shelf[product, number]
                weight = self._back_again(story, change, act.giver or act.visit, product, number, shelf)
                stray = None
                if not self._at_home(product, change.plates):
                    one = (product, change.plates, round(abs(change.delta_g) / number, 1))
                    stray = tuple(sorted((*story.misplaced, *(one,) * number)))
                back = _Act(act.visit, ((product, -number),), act.giver)
                yield _Draft(log_w + prior + weight, story, (back,), stray)

    def _back_again(
        self,
        story: Story,
        change: WeightChange,
        owner: str | None,
        product: str,
        number: int,
        shelf: Mapping[tuple[str, int], tuple[float, float]],
    ) -> float:
        """Log density of a gain by so many items that an owner took; a single one was weighed when it was taken."""
        _, weight = shelf[product, number]
        if number > 1:
            return weight
        known = self._weighed(story, owner, product)
        return self.identification.same_item(weight, change.delta_g, known, change.sd_g)

    def _weighed(self, story: Story, owner: str | None, product: str) -> list[float]:
        """Grams of the single items of a product that an owner took in a story."""
        return [
            abs(self.changes[deed.change].delta_g)
            for deed in (story.deeds.back() if story.deeds else ())
            if deed.visit == owner and deed.items == ((product, 1),) and deed.change in self.changes
        ]

    def _at_home(self, product: str, plates: Iterable[str]) -> bool:
        slots_on = self.identification.planogram.slots_on
        return any(slot.product_id == product for plate in plates for slot in slots_on.get(plate, ()))

    def _elsewhere(self, story: Story, change: WeightChange, visit: str) -> float:
        """Log factor where this visit, in this story, did something elsewhere in the same moment."""
        for deed in story.deeds.back() if story.deeds else ():
            other = self.changes.get(deed.change)
            if other is None or other.t < change.t - 6:
                return 0.0
            if deed.visit == visit and abs(other.started - change.started) < SAME_MOMENT_S:
                return log(self.settings.two_places)
        return 0.0

    def _keep(self, stories: Iterable[Story]) -> None:
        """Joins stories that end alike, and keeps the likeliest."""
        alike: dict[tuple[object, ...], list[Story]] = defaultdict(list)
        for story in stories:
            alike[tuple(sorted(story.carts.items())), story.misplaced, story.bags].append(story)
        joined = []
        for group in alike.values():
            best = max(group, key=lambda one: one.log_w)
            weight = best.log_w + log(sum(exp(one.log_w - best.log_w) for one in group))
            joined.append(replace(best, log_w=weight))
        joined.sort(key=lambda one: -one.log_w)
        top = joined[0].log_w
        self.stories = [
            replace(one, log_w=one.log_w - top)
            for one in joined[: self.settings.stories]
            if one.log_w > top - self.settings.keep
        ]


def _written(draft: _Draft, change: str) -> Story:
    """The story that a draft stands for."""
    carts, deeds = dict(draft.story.carts), draft.story.deeds
    for act in draft.acts:
        deeds = Deed(change, act.visit, act.items, act.giver, deeds)
        owner = act.giver or act.visit
        if owner is not None:
            content = Counter(dict(carts[owner]))
            for product, number in act.items:
                content[product] += number
            carts[owner] = _cart(content)
    misplaced = draft.story.misplaced if draft.stray is None else draft.stray
    return Story(draft.log_w, carts, misplaced, deeds, draft.story.bags if draft.bags is None else draft.bags)


def _handed(story: Story, pair: tuple[str, str], handed: float, seen: Passed, fresh: frozenset[str]) -> Iterator[Story]:
    """A story continued by nothing, or by one item that goes from one visit of the pair to the other."""
    ways = [
        (giver, receiver, product, count)
        for giver, receiver in (pair, pair[::-1])
        for product, held in story.carts.get(giver, ())
        if receiver in story.carts and (count := held - _taken_in(story, giver, product, fresh)) > 0
    ]
    total = sum(count for *_, count in ways)
    if not total or not handed:
        yield story
        return
    own = sum(
        count * exp(seen(before, after, product))
        for giver, _, product, count in ways
        for before, after in ((giver, giver), (giver, None), (None, giver))
    ) / (3 * total)
    log_p = log(1 - handed) + log(1 - OWN_IN_HAND + OWN_IN_HAND * own)
    yield replace(story, log_w=story.log_w + log_p)
    for giver, receiver, product, count in ways:
        carts = dict(story.carts)
        for visit, number in ((giver, -1), (receiver, 1)):
            content = Counter(dict(carts[visit]))
            content[product] += number
            carts[visit] = _cart(content)
        log_p = log(handed * count / total) + seen(giver, receiver, product)
        yield replace(story, log_w=story.log_w + log_p, carts=carts)


def _joined(story: Story, guest: str, visit: str) -> Story:
    """A story in which a guest's cart, deeds and bags are a visit's."""
    carts = dict(story.carts)
    carts[visit] = _cart(Counter(dict(carts[visit])) + Counter(dict(carts.pop(guest, ()))))
    names, deeds = {guest: visit}, None
    for deed in reversed(list(story.deeds.back()) if story.deeds else []):
        doer, giver = (names.get(name or "", name) for name in (deed.visit, deed.giver))
        deeds = Deed(deed.change, doer, deed.items, None if giver == doer else giver, deeds)
    bags = tuple(sorted(replace(bag, visit=names.get(bag.visit, bag.visit)) for bag in story.bags))
    return replace(story, carts=carts, deeds=deeds, bags=bags)


def _taken_in(story: Story, visit: str, product: str, changes: frozenset[str]) -> int:
    """How many of a product a visit took in these changes."""
    if not changes:
        return 0
    return sum(
        number
        for deed in (story.deeds.back() if story.deeds else ())
        if deed.change in changes and deed.visit == visit
        for name, number in deed.items
        if name == product and number > 0
    )


def _stray(story: Story, items: Items, plates: tuple[str, ...]) -> Misplaced | None:
    """The stray items left when `items` are taken from `plates`, None where none of them lay astray there."""
    for number, (product, place, _) in enumerate(story.misplaced):
        if items == ((product, 1),) and set(place) & set(plates):
            return story.misplaced[:number] + story.misplaced[number + 1 :]
    return None


def _only(deeds: Deed | None, changes: set[str]) -> Deed | None:
    """The deeds of these changes alone."""
    kept: Deed | None = None
    for deed in reversed([one for one in deeds.back() if one.change in changes] if deeds else []):
        kept = Deed(deed.change, deed.visit, deed.items, deed.giver, kept)
    return kept


def _cart(content: Counter[str]) -> Cart:
    return tuple(sorted((product, count) for product, count in content.items() if count > 0))

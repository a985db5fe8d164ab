"""Who comes to a store and what they want, as validated configuration: strangers, regulars, scripted people.

Published figures behind the defaults stand in the fields' descriptions with their source; what is our own choice
says so.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from sim.configuration import FieldError, Name, Settings, Share
from sim.script import ScriptedShopper


class RandomShoppers(Settings):
    """Shoppers who decide for themselves: when they come, what they want, what they put back."""

    count: int = Field(default=0, ge=0, le=500, description="people, companions included")
    couples: int = Field(default=0, ge=0, le=100, description="pairs on one token among them, whatever the chances")
    families: int = Field(default=0, ge=0, le=100, description="adults among them with a child at hand, one token each")
    second_children: int = Field(default=0, ge=0, le=100, description="families with a second child at the other hand")
    companion_probability: Share = Field(
        default=0.2,
        description="chance that a shopper beyond the couples brings somebody on the same token; groups in crowds are "
        "zero-truncated Poisson (PLoS ONE 0010047), the share is our choice",
    )
    child_share: Share = Field(default=0.25, description="of companions, children; our choice")
    elder_share: Share = Field(default=0.17, description="of the others, elders; our choice")
    arrive_from: float = Field(default=1.0, ge=0, le=86_400, description="the first arrival, seconds from opening")
    arrive_within: float = Field(
        default=60.0,
        ge=0,
        le=86_400,
        description="the others arrive within so many seconds of the first: a Poisson process, given its count",
    )
    items_mean: float = Field(
        default=4.25, ge=1, le=60, description="mean items wanted; 4.25 in UK convenience stores 2021 (trade figure)"
    )
    items_sigma: float = Field(
        default=0.6,
        ge=0,
        le=2,
        description="log standard deviation of the Poisson-lognormal basket (J. Retailing Cons. Serv. 54, 2020)",
    )
    buys_nothing: Share = Field(
        default=0.4, description="share who look and leave; 60 % of entrants buy (US convenience stores 2014, 2018)"
    )
    dwell_median: float = Field(
        default=5.0,
        ge=0,
        le=120,
        description="seconds before the shelf until the hand moves; with the reach itself a pick takes 13 s in the "
        "mean, most under 10 s (2,422 watched picks)",
    )
    dwell_sigma: float = Field(
        default=0.9,
        ge=0,
        le=2,
        description="log standard deviation of the dwell, so that and mean as above",
    )
    dwell_most: float = Field(default=60.0, ge=0.1, le=600, description="no dwell is longer, seconds")
    looks_mean: float = Field(
        default=0.0,
        ge=0,
        le=60,
        description="mean number of shelves, beside those of the list, at which somebody stands and only looks; fitted "
        "to the length of visits, as half of a visit is spent at shelves and under a fifth walking (2,000 supermarket "
        "shoppers, shopperretailinsight.com)",
    )
    looks_sigma: float = Field(
        default=0.7, ge=0, le=2, description="log standard deviation of the number of looks from person to person; ours"
    )
    looks_median: float = Field(default=8.0, ge=0, le=300, description="seconds of such a look; its sd is dwell_sigma")
    put_back_probability: Share = Field(
        default=0.15,
        description="chance that a taken item is put back; only 30 % of held items are bought in mixed retail "
        "(mytotalretail.com), which is high for groceries, so this is a knob",
    )
    misplace_probability: Share = Field(
        default=0.1, description="of put-backs, the share at another product's place; no published figure, a knob"
    )
    double_probability: Share = Field(default=0.1, description="chance to take two of a product; our choice")
    clothes: Literal["varied", "uniform"] = Field(
        default="varied", description="whether each dresses as they like, or all wear the same clothes, shoes and bag"
    )
    child_takes: Share = Field(
        default=0.0, description="chance that a child at hand takes something itself at a stop; no published figure"
    )
    wheelchairs: Share = Field(
        default=0.0,
        description="of grown-ups, those in a manual wheelchair: 0.79 m/s, sd 0.19 (Spaeth); the share is a knob",
    )
    prams: Share = Field(
        default=0.0,
        description="of other grown-ups with hands free of bags and children, those with a pram; a knob",
    )
    theft: Share = Field(
        default=0.0,
        description="of grown-ups, those who hide one of the things they take under their clothes; 1.2 % and 1.9 % of "
        "watched customers in the UK, 8.5 % in a US drug store",
    )
    tailgaters: Share = Field(
        default=0.0, description="for each who comes alone, chance of somebody without a token right behind; a knob"
    )
    turns_round: Share = Field(
        default=0.0, description="of those who come alone, those who show the token and turn round; a knob"
    )
    leaves_basket: Share = Field(
        default=0.0, description="of those alone with a bag in hand, those who leave it and all in it behind; a knob"
    )
    meets: Share = Field(
        default=0.0, description="of grown-ups, those who talk for 5 to 25 s with somebody of another party; a knob"
    )
    similar_clothing: Share = Field(
        default=0.0, description="chance to wear the clothes of the one who came before; a knob"
    )
    arrival_profile: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        default=(),
        max_length=96,
        description="relative rates of arrival in equal parts of `arrive_within`; none: even. US adults' grocery "
        "presence: weekdays 16 % in 11-13 and 15-16 h, weekends 20 % in 11-13 h (ers.usda.gov chart 95392)",
    )
    changes_clothes: Share = Field(
        default=0.0,
        description="share who come in a jacket and take it off in a fitting room, unseen, after a third of their list",
    )

    @model_validator(mode="after")
    def _somebody_arrives(self) -> Self:
        if self.arrival_profile and not sum(self.arrival_profile) > 0:
            raise FieldError("arrival_profile", list(self.arrival_profile), "rates of which one at least is above 0")
        return self


class Regulars(Settings):
    """People who live near and come again: who of them comes on a day, and what stays the same about them.

    A regular has one name, body, skin, hair, walk, household, account and taste over all days of a run. All figures
    here are knobs of our own; no published one was found for a single small shop.
    """

    people: int = Field(default=0, ge=0, le=500, description="regulars in all, each couple two of them")
    couples: int = Field(default=0, ge=0, le=100, description="pairs among them who share a household and an account")
    return_probability: Share = Field(default=0.6, description="chance that a household comes on a day")
    alone: Share = Field(default=0.3, description="chance that of a couple that comes only one does")
    other_clothes: Share = Field(
        default=0.8, description="chance, at each visit, of other clothes than the usual ones; new ones every time"
    )
    same_shoes: Share = Field(default=0.5, description="of visits in other clothes, the share in the usual shoes")
    same_bag: Share = Field(default=0.5, description="of visits in other clothes, the share with the usual bag")
    same_coat: Share = Field(default=0.5, description="of visits in other clothes, the share in the usual coat, if any")
    favourites: int = Field(default=4, ge=0, le=100, description="products that a household buys again and again")
    habit: Share = Field(
        default=0.5, description="chance that an item wanted is one of the household's favourites not yet on the list"
    )

    @model_validator(mode="after")
    def _enough_for_couples(self) -> Self:
        if 2 * self.couples > self.people:
            raise FieldError("couples", self.couples, "at most half of the people")
        return self


class Employee(Settings):
    """Somebody who works in the store: no token, no account, never billed."""

    id: Name = Field(description="name in every file; nobody else may have it")
    task: Literal["restock", "clean", "help", "attend"] = Field(
        description="fills shelves and brings stray items back; mops; talks with who stands about; stands at the gate"
    )
    arrive: float = Field(default=0.5, ge=0, le=86_400, description="seconds from opening")
    stay: float = Field(default=86_400.0, ge=1, le=86_400, description="seconds of the shift; it ends at the last call")


class Shoppers(Settings):
    """Who comes on a day: random shoppers, regulars, scripted ones, staff, or all of them.

    Regulars draw their lists and dwells from the settings of random shoppers; these come once, regulars come again,
    and scripted shoppers come every day and dress as regulars do.
    """

    random: RandomShoppers = RandomShoppers()
    regulars: Regulars = Regulars()
    scripted: tuple[ScriptedShopper, ...] = ()
    staff: tuple[Employee, ...] = ()

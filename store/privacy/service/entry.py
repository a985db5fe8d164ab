"""Getting in: seconds, refusals and mix-ups of each way of identifying people."""

from dataclasses import dataclass

import numpy as np

from store.privacy.day import Period
from store.privacy.faces.gallery import Gallery
from store.privacy.faces.matcher import Matcher, strangers
from store.privacy.faces.sensor import best_captures, terminal_losses
from store.privacy.intervals import wilson
from store.privacy.policy import Identification, Policy
from store.privacy.uses.rates import GALLERY_SEED, search_ms

ENTRIES = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """The entrance under a policy: mean seconds a party; shares refused and let in on a wrong account."""

    seconds: float
    refused: float
    refused_interval: tuple[float, float] | None
    wrong: float
    search_ms: float | None


def enter(policy: Policy, period: Period, rng: np.random.Generator) -> Entry:
    """How the policy's entrance works: stated shares for app, card and palm; real searches for faces."""
    who = policy.identification
    if who.method != "face":
        seconds = who.entry_seconds + who.refused_share * who.retry_seconds
        return Entry(seconds, who.refused_share, None, who.wrong_share, None)
    return _by_face(who, policy, period, rng)


def _by_face(who: Identification, policy: Policy, period: Period, rng: np.random.Generator) -> Entry:
    matcher = Matcher.of(str(who.preset))
    gallery = Gallery.open(who.accounts, GALLERY_SEED)
    customers = strangers(ENTRIES, rng)
    ids = np.array(gallery.add(customers))
    if who.terminal is not None and who.where == "gate":
        losses, seen = terminal_losses(who.terminal, ENTRIES, rng), np.ones(ENTRIES, bool)
    else:
        captures = best_captures(period, matcher, policy.camera_width_px)
        losses = rng.choice([capture.loss for capture in captures] or [0.0], ENTRIES)
        seen = rng.random(ENTRIES) < len({capture.subject for capture in captures}) / max(1, period.people)
    _, found = gallery.search(matcher.capture(customers, losses, rng), 1, matcher.threshold())
    refused = int(np.sum(~seen | (found[:, 0] < 0)))
    wrong = int(np.sum(seen & (found[:, 0] >= 0) & (found[:, 0] != ids)))
    share = refused / ENTRIES
    return Entry(
        who.entry_seconds + share * who.retry_seconds,
        share,
        wilson(refused, ENTRIES),
        wrong / ENTRIES,
        search_ms(gallery, rng),
    )

"""Who is on a list: what alerts and disclosures that a store kept say about a visitor's place in a gallery."""

import math

from scipy.special import ndtr

from store.privacy.case import Case
from store.privacy.faces.matcher import GENUINE_SD, Matcher
from store.privacy.faces.sensor import best_captures
from store.privacy.figures import Figure
from store.privacy.intervals import wilson
from store.privacy.keeping.collect import known_persons, person_of
from store.privacy.policy import Search
from store.privacy.uses.searches import is_enrolled


def membership_figure(case: Case) -> Figure:
    """`infer_watchlist`: the best of the policy's galleries for the attacker."""
    if not case.policy.searches:
        return Figure(None, "faces are searched in no list")
    figures = [_of_search(case, search) for search in case.policy.searches]
    return max(figures, key=lambda figure: figure.value or 0.0)


def _of_search(case: Case, search: Search) -> Figure:
    """Right among people on the list minus wrong among others, of the guess "who has a kept alert is on it"."""
    flagged = {
        str(person) for (person,) in case.store.rows("SELECT person FROM alerts WHERE gallery = ?", (search.name,))
    }
    persons, truth = known_persons(case.policy, case.period), case.period.truth
    seen: dict[str, bool] = {}
    for track, subject in truth.subject_of_track.items():
        seen[subject] = seen.get(subject, False) or person_of(persons, track) in flagged
    listed = {subject for subject in seen if is_enrolled(subject, search.name, search.enrolled_share, case.seed)}
    if not listed or len(listed) == len(seen):
        return _expected(case, search, len(seen))
    right, wrong = (sum(seen[subject] for subject in group) for group in (listed, seen.keys() - listed))
    return advantage(right, len(listed), wrong, len(seen) - len(listed), search.name)


def advantage(right: int, listed: int, wrong: int, others: int, name: str) -> Figure:
    """Share right among those on a list minus share wrong among others; Newcombe's interval (1998, method 10)."""
    hit, false = right / listed, wrong / others
    (hit_low, hit_high), (false_low, false_high) = wilson(right, listed), wilson(wrong, others)
    low = hit - false - math.hypot(hit - hit_low, false_high - false)
    high = hit - false + math.hypot(hit_high - hit, false - false_low)
    note = (
        f"{name}: an alert is kept about {right} of {listed} visitors on the list, and about {wrong} of {others} others"
    )
    return Figure(hit - false, None, low, high, note)


def _expected(case: Case, search: Search, people: int) -> Figure:
    """From the matcher's own error rates at the day's captures, where nobody on the list, or nobody else, came."""
    if search.keep_alert_seconds <= 0:
        return Figure(0.0, None, 0.0, 0.0, "no alert is kept: the attacker guesses")
    matcher = Matcher.of(search.preset)
    captures = best_captures(case.period, matcher, case.policy.camera_width_px)
    if not captures:
        return Figure(None, "no face was seen well enough to be searched")
    asked = 1.0 if search.of == "everyone" else search.suspected_share
    means = matcher.genuine_mean([capture.loss for capture in captures])
    found = ndtr((means - matcher.threshold(search.threshold_percent)) / GENUINE_SD)
    value = asked * (float(found.mean()) - matcher.wrong_rate(search.gallery, search.threshold_percent))
    half = 1.96 * asked * float(found.std(ddof=1)) / math.sqrt(len(found)) if len(found) > 1 else 1.0
    note = (
        f"{search.name}: expected from the matcher's error rates at the {len(captures)} captures, as none or all of "
        f"the {people} people who came are on the list"
    )
    return Figure(value, None, max(-1.0, value - half), min(1.0, value + half), note)

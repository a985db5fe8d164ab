"""A page for each policy: its rules in words, what its store made and holds, and every figure with its meaning."""

from collections.abc import Mapping
from dataclasses import dataclass

from sim.report.comparison import PolicyCard, policy_card
from sim.report.wording import count, duration, share
from sim.run_folder import RunFolder
from store.errors import PolicyError
from store.privacy.catalogue import load_policy
from store.privacy.figures import Figure
from store.privacy.keeping.holdings import holdings
from store.privacy.metric import GROUPS, Metric
from store.privacy.metrics import METRICS
from store.privacy.policy import Policy, Purpose


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of record: what it is called, how long it is kept, how many were made and are left."""

    title: str
    kept_for: str
    made: str
    left: str


@dataclass(frozen=True, slots=True)
class PolicyPage:
    """What the page of one policy shows.

    rules: (question, answer) pairs. kinds: records by kind. groups: heading, and metrics with their figures.
    """

    card: PolicyCard
    rules: tuple[tuple[str, str], ...]
    kinds: tuple[KindRow, ...]
    groups: tuple[tuple[str, tuple[tuple[Metric, Figure], ...]], ...]


def policy_pages(run: RunFolder) -> list[PolicyPage]:
    """The pages of all policies under which a run was judged."""
    return [policy_page(run, name, figures) for name, figures in run.policies().items()]


def policy_page(run: RunFolder, name: str, figures: Mapping[str, Figure]) -> PolicyPage:
    """The page of one policy; a policy whose file is gone shows its figures alone."""
    try:
        policy = load_policy(name)
    except PolicyError:
        return PolicyPage(policy_card(name), (), (), _groups(figures))
    kinds = _kinds(run, policy)
    return PolicyPage(policy_card(name), tuple(_rules(policy)), kinds, _groups(figures))


def _groups(figures: Mapping[str, Figure]) -> tuple[tuple[str, tuple[tuple[Metric, Figure], ...]], ...]:
    shown = {name: metric for name, metric in METRICS.items() if name in figures}
    return tuple(
        (title, tuple((metric, figures[name]) for name, metric in shown.items() if metric.group == group))
        for group, title in GROUPS.items()
        if any(metric.group == group for metric in shown.values())
    )


def _kinds(run: RunFolder, policy: Policy) -> tuple[KindRow, ...]:
    rules = {str(kind): rule for kind, rule in policy.collects.items()}
    rows = []
    for holding in holdings(run.path / "policies" / policy.name):
        rule = rules.get(holding.kind)
        blurred = ", heads blurred" if rule is not None and rule.blurred else ""
        kept_for = duration(rule.keep_seconds) if rule is not None else "as long as the search's rule says"
        if holding.kind == "queries":
            kept_for = duration(policy.keep_queries_seconds)
        title = holding.kind.replace("_", " ") + blurred
        rows.append(KindRow(title, kept_for, f"{holding.made:,}", f"{holding.kept:,}"))
    return tuple(rows)


_METHODS = {
    "none": "nobody is identified",
    "app": "by an app",
    "card": "by a payment card",
    "palm": "by the palm",
    "face": "by the face",
}
_PLACES = {"nowhere": "", "gate": " at the gate", "everywhere": " on every camera"}
_CONSENT = {
    "opt-in": "people opt in beforehand",
    "terms": "it stands in the terms of business",
    "none": "nobody is asked",
}
_NOTICE = {"none": "nobody is told", "sign": "a sign at the door", "sign-and-app": "a sign at the door, and the app"}


def _terms(purpose: Purpose) -> str:
    approved = f", approved by {purpose.approver}" if purpose.approver else ""
    leaves = "; the answer leaves the store" if purpose.leaves else ""
    shown = f"if they show: {purpose.justification}{approved}"
    return f"{purpose.who}, {shown}; within {duration(purpose.expires_seconds)}{leaves}"


_PAYS = {"desk": "pays at a desk", "turned_away": "is not let in", "tracked": "comes in another way and is billed"}
_KEPT = {
    "nothing": "nothing about them is kept",
    "no_templates": "no template of them is made",
    "everything": "they are recorded all the same",
}


def _opting_out(policy: Policy) -> str:
    rule = policy.opt_out
    if rule is None:
        return "nobody can"
    known = " and is known by the face" if rule.recognised_by == "face" else ""
    return f"{share(rule.share)} of parties: {_PAYS[rule.billing]}{known}; {_KEPT[rule.collection]}"


def _rules(policy: Policy) -> list[tuple[str, str]]:
    who = policy.identification
    rules = [
        ("How people pay", "at a cash desk" if policy.billing == "cash_desk" else "they walk out and are billed"),
        ("How people are identified", _METHODS[who.method] + _PLACES[who.where]),
        ("How people agree", _CONSENT[policy.consent]),
        ("How people are told", _NOTICE[policy.notice]),
    ]
    rules += [(f"May ask for: {purpose.purpose}", _terms(purpose)) for purpose in policy.purposes]
    rules.append(("Who opts out", _opting_out(policy)))
    for search in policy.searches:
        whom = "every visitor" if search.of == "everyone" else f"the {share(search.suspected_share)} under suspicion"
        checked = f"checked by {count(search.checkers, 'person', 'people')}" if search.checkers else "checked by nobody"
        rules.append((f"Searched: {search.name}", f"{whom}, among {search.gallery:,} people; alerts {checked}"))
    rules += [
        (f"Leaves the store for: {sharing.recipient}", f"{sharing.what.replace('_', ' ')} ({share(sharing.share)})")
        for sharing in policy.sharing
    ]
    promised = [
        text
        for text, holds in (
            ("to see what is held", policy.promises.subject_access),
            ("a report after erasure", policy.promises.erasure_reports),
        )
        if holds
    ]
    rules.append(("What people are promised", " and ".join(promised) or "nothing"))
    return rules

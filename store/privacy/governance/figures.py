"""Figures of governance: law, the desk's answers to typical requests, opting out, and subject access."""

from statistics import mean

from store.privacy.case import Case
from store.privacy.day import VisitRecord
from store.privacy.figures import Figure
from store.privacy.governance.legal import INDICATION, bipa_exposure, evidence, triggers
from store.privacy.governance.opt_out import opted_out, spare
from store.privacy.governance.queries import readable
from store.privacy.governance.records import PERSONAL_TABLES, TRACK_TABLES
from store.privacy.governance.typical import BATTERY, OWN, granting
from store.privacy.intervals import wilson
from store.privacy.policy import OptOut
from store.privacy.service.desk import baskets


def governance_figures(case: Case) -> dict[str, Figure]:
    """All figures of governance, from the case's store and policy."""
    return {**_legal(case), **_queries(case), **_opt_out(case), "access_items": _access(case)}


def _legal(case: Case) -> dict[str, Figure]:
    found = evidence(case.policy, case.store)
    rules = triggers(case.policy, found)
    exposure, scale = bipa_exposure(found), case.per_1000
    usd = exposure.negligent_usd * scale
    listed = "; ".join(map(str, rules)) or "none found"
    return {
        "legal_triggers": Figure(float(len(rules)), note=f"{listed}. {INDICATION}"),
        "bipa_exposure": Figure(usd, low=usd, high=exposure.reckless_usd * scale, note=exposure.note),
    }


def _queries(case: Case) -> dict[str, Figure]:
    granted = {typical.title: granting(case.policy, typical) for typical in BATTERY}
    said = "; ".join(f"{title}: {'granted' if rule else 'refused'}" for title, rule in granted.items())
    own = "granted" if granting(case.policy, OWN) else "refused"
    answered = [_reached(case, readable(rule)) if rule else 0.0 for rule in granted.values()]
    unjustified = [rule.purpose for rule in case.policy.purposes if rule.needs == "none" and readable(rule)]
    return {
        "queries_allowed": Figure(
            sum(rule is not None for rule in granted.values()) / len(BATTERY), note=f"{said}; {OWN.title}: {own}"
        ),
        "queries_answered": Figure(mean(answered)),
        "purposes_unjustified": Figure(float(len(unjustified)), note="; ".join(unjustified) or "none"),
    }


def _reached(case: Case, tables: tuple[str, ...]) -> float:
    """Share of visits about which one of `tables` holds a record that leads to their account."""
    known: set[str] = set()
    for table in tables:
        known |= {
            str(person)
            for (person,) in case.store.rows(
                f"SELECT DISTINCT person FROM {table} WHERE person IN (SELECT person FROM people)"
            )
        }
    return len(known & {visit.visit for visit in case.period.visits}) / len(case.period.visits)


def _opt_out(case: Case) -> dict[str, Figure]:
    rule = case.policy.opt_out
    if rule is None:
        followed = case.policy.sensing == "bodies" or case.policy.searches
        reason = "nobody can opt out" if followed else "nobody is followed or recognised, so nothing to opt out of"
        names = ("opt_out_share", "opt_out_seconds", "opt_out_exact_receipts", "opted_out_but_recorded")
        return {name: Figure(None, reason) for name in names}
    visits = len(case.period.visits)
    out = sum(opted_out(case.policy, visit, case.seed) for visit in case.period.visits)
    low, high = wilson(out, visits)
    note = f"{out} of {visits} visits; the policy states {rule.share:g}: {rule.source}"
    return {
        "opt_out_share": Figure(out / visits, None, low, high, note),
        "opt_out_seconds": _seconds(case, rule),
        "opt_out_exact_receipts": _exact(case, rule),
        "opted_out_but_recorded": _recorded(case, rule),
    }


def _seconds(case: Case, rule: OptOut) -> Figure:
    who = case.policy.identification
    match rule.billing:
        case "turned_away":
            return Figure(None, "who opts out is not let in")
        case "tracked":
            other = "no_templates" in rule.collection
            note = "another way in" if other else "nothing changes for them"
            return Figure(who.retry_seconds if other else 0.0, note=note)
        case "desk":
            carried = [row.items for row in baskets(case.period) if row.items > 0]
            if not carried:
                return Figure(None, "nobody bought anything")
            desk, item = case.costs.desk_seconds.value, case.costs.desk_item_seconds.value
            return Figure(desk + item * mean(carried) - who.entry_seconds, note="at a desk without a queue")


def _exact(case: Case, rule: OptOut) -> Figure:
    if rule.billing == "turned_away":
        return Figure(None, "who opts out is not let in")
    if rule.billing == "tracked":
        rate = case.period.billing.exact_rate
        return Figure(rate, None if rate is not None else "not measured in this run", note="of all receipts")
    shares = [(1 - case.costs.cashier_miss.value) ** row.items for row in baskets(case.period) if row.items > 0]
    if not shares:
        return Figure(None, "nobody bought anything")
    return Figure(mean(shares), note="expected of a cashier, no theft")


def _recorded(case: Case, rule: OptOut) -> Figure:
    out = [visit for visit in case.period.visits if opted_out(case.policy, visit, case.seed)]
    tracks = {track for visit in out for track in visit.tracks} | _strays(case, out)
    persons = {visit.visit for visit in out} | {f"track-{track}" for track in tracks}
    named = sum(_about(case, table, persons, tracks) for table in PERSONAL_TABLES)
    shown = 0 if rule.billing == "turned_away" else _showing(case, [(visit.opened, visit.closed) for visit in out])
    days = case.period.days if rule.recognised_by == "face" else ()
    made = sum(capture.track in tracks for day in days for capture, _ in spare(case.policy, day, case.seed).made)
    note = f"{named:,} about them, {shown:,} stretches of recording that show them, {made:,} templates to know them"
    return Figure((named + shown + made) * case.per_1000, note=f"{note}; {len(out)} parties opted out")


def _strays(case: Case, out: list[VisitRecord]) -> set[int]:
    """Tracks of people who opted out that no visit knew as theirs, by the truth: the store could not spare them."""
    truth = case.period.truth
    subjects = {subject for visit in out for subject in truth.subjects_of_visit.get(visit.visit, ())}
    known = {track for visit in case.period.visits for track in visit.tracks}
    return {track for track, subject in truth.subject_of_track.items() if subject in subjects and track not in known}


def _about(case: Case, table: str, persons: set[str], tracks: set[int]) -> int:
    column = "track" if table in TRACK_TABLES else "NULL"
    rows = case.store.rows(f"SELECT person, {column}, count(*) FROM {table} GROUP BY 1, 2")
    return sum(int(str(count)) for person, track, count in rows if person in persons or track in tracks)


def _showing(case: Case, spans: list[tuple[float, float]]) -> int:
    stretches = {
        row[0]
        for start, end in spans
        for row in case.store.rows("SELECT id FROM frames WHERE t <= ? AND until >= ?", (end, start))
    }
    return len(stretches)


def _access(case: Case) -> Figure:
    if not case.policy.promises.subject_access:
        return Figure(None, "no access is promised")
    visits = [visit.visit for visit in case.period.visits]
    known = {str(person) for (person,) in case.store.rows("SELECT person FROM people")} & set(visits)
    if not known:
        return Figure(None, "the store does not know its visitors by name, so it finds nothing about them")
    counted = 0
    for table in PERSONAL_TABLES:
        rows = case.store.rows(f"SELECT person, count(*) FROM {table} GROUP BY person")
        counted += sum(int(str(count)) for person, count in rows if person in known)
    return Figure(counted / len(known))

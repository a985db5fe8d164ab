"""How well frauds are found out, and who else is blamed for them: the figures of a scenario's attack.

An attack is found out as far as its items are on the bills of those who took part. An innocent is *accused* where the
bill of somebody who took no part has too many of the attack's items. Who slipped in without an account gets no bill:
that one is found out as far as the store says that somebody without a scan left with the items (`left_unpaid`). Where
everybody who took part has an account, whoever is said to have left so with such items is an innocent accused.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sim.scenario import Scenario
from store.events import LeftUnpaid
from store.receipt import Receipt


def fraud_figures(
    scenario: Scenario,
    due: Sequence[Mapping[str, Any]],
    receipts: Iterable[Receipt],
    unpaid: Sequence[LeftUnpaid] = (),
) -> dict[str, float | int | str]:
    """The `fraud` block of a summary.

    Args:
        scenario: with an attack (ValueError otherwise).
        due: truth rows with `account`, `people` and `items`.
        receipts: what the store billed.
        unpaid: of whom the store says that they left without being billed.

    Returns:
        `kind`; `items` at stake and `caught` of them, `recall` their share; `innocents` accounts of people who took no
        part, `accused` of them, and `accused_per_1000` of a thousand such visits.
    """
    attack = scenario.attack
    if attack is None:
        raise ValueError(f"{scenario.name} has no attack")
    billed: dict[str, Counter[str]] = {}
    for receipt in receipts:
        billed.setdefault(receipt.account, Counter()).update(dict(receipt.lines))
    guilty = {str(row["account"]) for row in due if set(row["people"]) & set(attack.by)}
    owed = {str(row["account"]): Counter(row["items"]) for row in due}
    stake = Counter(attack.items)
    caught: Counter[str] = Counter()
    for account in guilty:
        caught += billed.get(account, Counter()) & owed[account] & stake
    said = [Counter(dict(one.lines)) & stake for one in unpaid]
    without_account = set(attack.by) - {str(person) for row in due for person in row["people"]}
    if without_account:
        caught += sum(said, Counter())
    innocents = sorted(set(owed) - guilty)
    accused = sum(bool((billed.get(one, Counter()) - owed[one]).keys() & stake.keys()) for one in innocents)
    accused += 0 if without_account else sum(map(bool, said))
    found = (caught & stake).total()
    return {
        "kind": attack.kind, "items": stake.total(), "caught": found, "recall": found / stake.total(),
        "innocents": len(innocents), "accused": accused,
        "accused_per_1000": 1000 * accused / len(innocents) if innocents else 0.0,
    }  # fmt: skip

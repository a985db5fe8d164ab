"""Linking by account: records that say outright whose visit it was."""

import numpy as np

from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.attacks.scores import STRONGEST, Channel, Nothing
from store.privacy.keeping.kept_store import KeptStore

ANOTHER = -STRONGEST / 2
"""A person may come on somebody else's token one day, so that two accounts speak less clearly than one."""


def by_account(store: KeptStore, people: PersonVisits) -> Channel | Nothing:
    """Rows on the same account are the same person, or their company."""
    rows_of = people.by_visit()
    account: dict[int, str] = {}
    for visit, name in store.rows("SELECT person, account FROM people"):
        account.update(dict.fromkeys(rows_of.get(str(visit), []), str(name)))
    if not account:
        return Nothing("account", "not kept: no record leads to an account")
    codes = {name: code for code, name in enumerate(sorted(set(account.values())))}
    own = np.array([codes[account[row]] if row in account else -1 for row in range(len(people))])
    scores = np.where(own[:, None] == own, STRONGEST, ANOTHER)
    scores[own < 0] = np.nan
    scores[:, own < 0] = np.nan
    return Channel("account", scores, f"{len(codes)} accounts")

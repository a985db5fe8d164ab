"""What every account truly owes under each rule for hand-overs, from what people really did.

The rows of `truth/receipts.json` say in `items` what each account carried out. Where a row has `picked` (the same by
who took each thing off the shelf, item by item), that is taken; else it is worked out from the events, in which two
items of one product in one bag cannot be told apart: the one received last is handed on or put back first.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sim.errors import BadInput
from sim.run_folder import RunFolder
from sim.shop_settings import settings_of
from store.handing import HandOverRule

Row = Mapping[str, Any]


def due_by_rule(
    rule: HandOverRule, rows: Sequence[Row], events: Iterable[Row], families: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The rows with what is owed under a rule as their `items`.

    Args:
        rule: who pays for what is handed over.
        rows: of `truth/receipts.json`.
        events: of `truth/events.parquet`, with `person`, `account`, `kind`, `product` and `quantity`, in order of time.
        families: accounts to the one that pays for them, for `party-pays`.
    """
    if rule == "carrier-pays":
        return [dict(row) for row in rows]
    if rule == "picker-pays":
        picked: Mapping[str, Counter[str]] = {}
        if not all("picked" in row for row in rows):
            picked = picked_by_account(events)
        return [
            {**row, "items": row["picked"] if "picked" in row else _plain(picked.get(row["account"], Counter()))}
            for row in rows
        ]
    return _family_bills(rows, families)


def due_of(day: RunFolder) -> list[dict[str, Any]]:
    """What every account of a day owes under the rule of its own store; the carriers pay where no settings were kept.

    Raises:
        BadInput: the run's files are missing or wrong.
    """
    rows = day.truth_receipts()
    if not (day.path / "shop.json").is_file():
        return rows
    rule = settings_of(day).handing.rule
    events = day.truth_events().to_dict("records") if rule == "picker-pays" else []
    return due_by_rule(rule, rows, events, families_of(day.scenario()))  # type: ignore[arg-type]


def families_of(scenario: Mapping[str, Any]) -> dict[str, str]:
    """Accounts to the account that pays for them, from a scenario's `hand_overs.families` of parties."""
    families = scenario.get("hand_overs", {}).get("families", {})
    return {f"account-{party}": f"account-{payer}" for party, payer in families.items()}


def picked_by_account(events: Iterable[Row]) -> dict[str, Counter[str]]:
    """What is still off the shelf, by the account that took it; BadInput where something received was never given."""
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    passed: dict[str, list[str]] = defaultdict(list)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for event in events:
        own, product = held[event["person"], event["product"]], event["product"]
        for _ in range(int(event["quantity"])):
            if event["kind"] == "pick":
                own.append(event["account"])
                found[event["account"]][product] += 1
            elif event["kind"] == "hand_over" and own:
                passed[product].append(own.pop())
            elif event["kind"] == "receive":
                if not passed[product]:
                    raise BadInput("truth/events", "receive", product, "an item that somebody handed over just before")
                own.append(passed[product].pop(0))
            elif event["kind"] in ("put_back", "abandon") and own:
                found[own.pop()][product] -= 1
    return {account: +items for account, items in found.items()}


def _family_bills(rows: Sequence[Row], families: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row a payer, with everybody's people, items and labels together."""
    bills: dict[str, dict[str, Any]] = {}
    for row in rows:
        account = families.get(row["account"], row["account"])
        bill = bills.setdefault(account, {"account": account, "people": [], "items": Counter(), "labels": []})
        bill["people"] += row["people"]
        bill["items"].update(row["items"])
        bill["labels"] += [label for label in row.get("labels", []) if label not in bill["labels"]]
    return [bill | {"items": _plain(bill["items"])} for bill in bills.values()]


def _plain(items: Counter[str]) -> dict[str, int]:
    return {product: count for product, count in sorted(items.items()) if count > 0}

"""The words of a subject access page: what a store holds about somebody, concluded in sentences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sim.report.wording import count, duration, money
from store.privacy.governance.access import AccessReport, Asked, Kind, Template, bought, longest_stop
from store.privacy.policy import DAY_S, Policy

KINDS = {
    "crops": ("picture of you", "pictures of you"),
    "body_embeddings": ("description of your body in numbers", "descriptions of your body in numbers"),
    "face_templates": ("template of your face", "templates of your face"),
    "poses": ("posture of your body", "postures of your body"),
    "tracks": ("place where you stood or walked", "places where you stood or walked"),
    "receipts": ("receipt", "receipts"),
    "alerts": ("alert about you", "alerts about you"),
    "frames": ("stretch of recording", "stretches of recording"),
}
"""Kinds of record, one and many, as the person would call them."""
OF_ANYBODY = {
    "crops": "Pictures",
    "body_embeddings": "Descriptions of bodies in numbers",
    "face_templates": "Templates of faces",
    "poses": "Postures",
    "tracks": "Ways through the store",
    "receipts": "Receipts",
    "alerts": "Alerts",
}
"""The same of nobody in particular."""


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One kind of record: what, how many, and for how long each is kept."""

    title: str
    held: int
    kept_for: str


@dataclass(frozen=True, slots=True)
class Section:
    """One policy's answer in words. `found`: whether the store can find the person at all."""

    verdict: str
    found: bool
    right: str
    promised: bool
    held: tuple[HeldRow, ...]
    visits: tuple[str, ...]
    bills: tuple[tuple[str, str, str], ...]
    templates: tuple[str, ...]
    conclusions: tuple[str, ...]
    handed: tuple[str, ...]
    asked: tuple[str, ...]
    deleted: tuple[str, ...]
    limits: tuple[str, ...]


def section(report: AccessReport, names: Mapping[str, str]) -> Section:
    """The section of one policy; `names` are products by id."""
    palm = report.policy.identification.method == "palm"
    return Section(
        verdict=_verdict(report),
        found=report.records > 0,
        right=_right(report.policy),
        promised=report.policy.promises.subject_access,
        held=tuple(_held(kind, palm) for kind in report.kinds if kind.held),
        visits=tuple(
            f"{moment(visit.start).capitalize()}, for {duration(visit.end - visit.start)}: "
            f"{count(visit.records, 'record')}"
            if visit.end > visit.start
            else f"{moment(visit.start).capitalize()}: {count(visit.records, 'record')}"
            for visit in report.visits
        ),
        bills=tuple(
            (moment(bill.t), items_text(bill.lines, names), money(bill.cents))
            for visit in report.visits
            for bill in visit.bills
        ),
        templates=tuple(_template(row, palm) for visit in report.visits for row in visit.templates),
        conclusions=tuple(_conclusions(report, names)),
        handed=tuple(_handed(report)),
        asked=tuple(map(_asked, report.asked)),
        deleted=tuple(_deleted(report, palm)),
        limits=tuple(_limits(report)),
    )


def moment(t: float) -> str:
    """Clock seconds since the first opening, as `day 2, 14:05 min after opening`."""
    within = int(t % DAY_S)
    return f"day {int(t // DAY_S) + 1}, {within // 60}:{within % 60:02d} min after opening"


def items_text(lines: Mapping[str, int], names: Mapping[str, str]) -> str:
    """`2 x Cola, 1 x Bread`."""
    return ", ".join(f"{number} x {names.get(product, product)}" for product, number in lines.items()) or "nothing"


def _title(kind: str, number: int, palm: bool) -> str:
    one, many = KINDS[kind]
    words = one if number == 1 else many
    return words.replace("face", "palm") if palm and kind == "face_templates" else words


def _held(kind: Kind, palm: bool) -> HeldRow:
    return HeldRow(_title(kind.kind, kind.held, palm), kind.held, duration(kind.keep_seconds))


def _verdict(report: AccessReport) -> str:
    if report.records:
        return (
            f"This store finds {count(report.records, 'record')} under your name, of "
            f"{count(len(report.visits), 'visit')}."
        )
    if report.policy.identification.method == "none":
        return "This store does not know who you are. It finds nothing under your name."
    return "This store knows its customers by name, and holds nothing under yours: deleted, or you had opted out."


_TOLD = {
    "none": "Nobody told you that you are recorded",
    "sign": "A sign at the door told you",
    "sign-and-app": "A sign at the door and the app told you",
}
_AGREED = {
    "opt-in": "you agreed beforehand",
    "terms": "its terms say that you agree",
    "none": "nobody asked you",
}


def _right(policy: Policy) -> str:
    told = f"{_TOLD[policy.notice]}; {_AGREED[policy.consent]}."
    if policy.promises.subject_access:
        return f"{told} It promises to show you what it finds."
    return f"{told} It promises nobody to show them this: you see it because this is a simulation."


def _template(row: Template, palm: bool) -> str:
    of = "palm" if palm and row.of == "face" else row.of
    what = f"a template of {row.numbers} numbers" if row.numbers else "a template"
    if row.of == "body":
        return f"Your body: {what} of how you looked, made {moment(row.t)}; it knows you again in the same clothes."
    consent = "you had agreed to it" if row.consent else "you were not asked"
    return f"Your {of}: {what}, made {moment(row.t)} by {row.camera}; {consent}."


def _conclusions(report: AccessReport, names: Mapping[str, str]) -> Iterator[str]:
    """What could be concluded from the records shown, each from something that is held."""
    if not report.records:
        return
    days = sorted({int(visit.start // DAY_S) + 1 for visit in report.visits})
    if len(report.visits) > 1:
        yield f"You came {count(len(report.visits), 'time')}, on day {', '.join(map(str, days))}."
    for visit in report.visits:
        if visit.companions:
            yield f"On day {int(visit.start // DAY_S) + 1} you were not alone: {_people(visit.companions)} with you."
    bills = [bill for visit in report.visits for bill in visit.bills]
    if bills:
        total, items = sum(bill.cents for bill in bills), bought(report.visits)
        favourite = items.most_common(1)
        most = (
            f"; most often {names.get(favourite[0][0], favourite[0][0])}" if favourite and favourite[0][1] > 1 else ""
        )
        yield f"You spent {money(total)} on {count(sum(items.values()), 'item')}{most}."
    stop = longest_stop(report.visits)
    if stop is not None:
        yield f"You spent the longest, {duration(stop[2])}, at the place with a ring around it."
    if report.others:
        yield f"{_people(report.others)} known by name {'was' if report.others == 1 else 'were'} here while you were."
    if any(visit.poses for visit in report.visits):
        yield "Your height and your gait can be measured from the postures, and know you again in other clothes."
    if any(row.of == "face" for visit in report.visits for row in visit.templates):
        part = "palm" if report.policy.identification.method == "palm" else "face"
        yield f"Your {part} can be found again in any other collection of {part}s."


def _people(number: int) -> str:
    return count(number, "person", "people")


def _handed(report: AccessReport) -> Iterator[str]:
    for row in report.handed:
        what = count(row.records, *KINDS.get(row.kind, (row.kind, row.kind)))
        purpose = f" for: {row.purpose}" if row.purpose else ""
        yield f"{_capital(row.recipient)}: {what}{purpose}, {moment(row.first)}."
    for visit in report.visits:
        for alert in visit.alerts:
            yield (
                f"{_capital(alert.recipient)} was told that your face is number {alert.entry:,} in {alert.gallery} "
                f"(score {alert.score:.2f}), {moment(alert.t)}. This may be wrong."
            )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _asked(row: Asked) -> str:
    shown = f"; shown: {row.justification}{f' ({row.reference})' if row.reference else ''}"
    approved = f", approved by {row.approver}" if row.approver else ""
    if row.refusal:
        came = f"Refused: {row.refusal}"
    elif row.answered is None:
        came = "Granted, not answered"
    else:
        came = f"Got {count(row.answered, 'record')}"
    return f"{_capital(row.who)} asked for: {row.purpose}{shown}{approved}. {came}. {_capital(moment(row.t))}."


def _deleted(report: AccessReport, palm: bool) -> Iterator[str]:
    for kind in report.kinds:
        if kind.held or not kind.made:
            continue
        many = OF_ANYBODY[kind.kind].replace("faces", "palms" if palm else "faces")
        if kind.keep_seconds <= 0:
            yield f"{many}: made, used at once and never written down."
        elif report.clock >= kind.keep_seconds:
            gone = moment(report.visits[-1].end + kind.keep_seconds) if report.visits else ""
            last = f", the last of yours by {gone}" if gone else ""
            yield f"{many}: deleted after {duration(kind.keep_seconds)}{last}."


def _limits(report: AccessReport) -> Iterator[str]:
    if report.shown_in:
        shown = count(report.shown_in, *KINDS["frames"])
        yield f"You are in {shown} of the whole store. Nothing in it says which person is you."
    elif report.unnamed.get("frames"):
        held = count(report.unnamed["frames"], *KINDS["frames"])
        yield f"It holds {held} of everybody. If you were here, you are in it, and nothing in it says which is you."
    if any(visit.companions for visit in report.visits):
        yield "Somebody came with you on your account. Which of these records are theirs, it cannot tell."
    nameless = {kind: number for kind, number in report.unnamed.items() if kind != "frames"}
    if nameless:
        kinds = ((kind.replace("_", " ").removesuffix("s"), number) for kind, number in nameless.items())
        listed = ", ".join(count(number, kind) for kind, number in kinds)
        faces = nameless.keys() & {"face_templates", "alerts", "crops"}
        found = (
            "To find yours it would have to take your face again" if faces else "Nothing in them says which are yours"
        )
        yield f"It holds records without a name: {listed}. {found}."
    for recipient in sorted({row.recipient for row in report.handed}):
        yield f"What became of the records at {recipient}, and whether they are still there, it cannot tell."
    if not report.policy.promises.erasure_reports:
        yield "It promises no answer to a request for deletion."

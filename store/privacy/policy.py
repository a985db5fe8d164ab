"""A privacy policy: who is identified and how, what is collected and for how long, who may ask, what leaves."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

DAY_S = 86_400.0
CENTURY_S = 36_525 * DAY_S

DataType = Literal["frames", "crops", "body_embeddings", "face_templates", "poses", "tracks", "receipts", "counts"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Justification = Literal["none", "stated", "suspicion", "warrant"]
"""What an asker shows, weakest first: nothing; a reason that can be checked later (a case or dispute number, an alert);
reasonable suspicion noted beforehand; a judge's order."""
JUSTIFICATIONS: tuple[Justification, ...] = ("none", "stated", "suspicion", "warrant")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Terminal(_Section):
    """A reader before which a person stops and looks: its geometry is stated here, not rendered."""

    face_px: float = Field(gt=0, le=4000, description="width of the face in the reader's picture, pixels")
    yaw_sd_deg: float = Field(8.0, ge=0, le=60, description="spread of the head's turn, degrees")
    pitch_sd_deg: float = Field(8.0, ge=0, le=60, description="spread of the head's nod, degrees")
    blur_px: float = Field(0.5, ge=0, le=50, description="motion blur, pixels")


class Identification(_Section):
    """How the store learns who somebody is."""

    method: Literal["none", "app", "card", "palm", "face"] = Field(description="what identifies a party")
    where: Literal["nowhere", "gate", "everywhere"] = Field(description="where people are identified")
    entry_seconds: float = Field(0.0, ge=0, le=600, description="seconds that a party needs at the entrance")
    retry_seconds: float = Field(20.0, ge=0, le=600, description="extra seconds after a refusal (another way in)")
    refused_share: Share = Field(0.0, description="share of parties that the reader refuses, for app, card and palm")
    wrong_share: Share = Field(0.0, description="share of parties let in on a wrong account, for app, card and palm")
    preset: str | None = Field(None, description="matcher preset, for faces")
    accounts: int = Field(0, ge=0, le=100_000_000, description="enrolled customers among whom a face is searched")
    terminal: Terminal | None = Field(None, description="the reader at the gate, for faces")


class Collect(_Section):
    """One kind of data that the store collects."""

    keep_seconds: float = Field(ge=0, le=CENTURY_S, description="seconds until it is deleted; 0: never written down")
    of: Literal["everyone", "customers"] = Field("everyone", description="whose; customers: the account holder only")
    blurred: bool = Field(False, description="faces in pictures are blurred before they are kept")
    epsilon: float | None = Field(None, gt=0, le=100, description="privacy budget of one count (counts only)")
    most_minutes: int | None = Field(
        None, ge=1, le=1440, description="counts in which one person's visit is counted at most (counts only)"
    )
    heatmap_epsilon: float | None = Field(
        None, gt=0, le=100, description="privacy budget of a day's heat map; none: no heat map (counts only)"
    )
    heatmap_seconds: int | None = Field(
        None, ge=1, le=86_400, description="seconds that one person's visit adds to a heat map at most (counts only)"
    )


class Search(_Section):
    """Visitors' faces searched in a gallery for a purpose other than billing."""

    name: str = Field(min_length=1, description="name of the gallery")
    gallery: int = Field(ge=1, le=50_000_000, description="people in the gallery")
    preset: str = Field(description="matcher preset")
    threshold_percent: float | None = Field(
        None, ge=0, le=100, description="threshold on the preset's percent scale; none: the preset's own"
    )
    enrolled_share: Share = Field(description="share of visitors who really are in the gallery")
    camera: Literal["fixed", "body"] = Field(
        "fixed", description="whose views are searched: the store's cameras, or the one that an officer wears"
    )
    of: Literal["everyone", "suspected"] = Field("everyone", description="who is searched")
    suspected_share: Share = Field(0.0, description="share of visitors under reasonable suspicion, for of: suspected")
    checkers: int = Field(0, ge=0, le=10, description="people who look at an alert before anybody acts")
    recipient: str | None = Field(None, description="body outside the store that runs the search or gets the alerts")
    abroad: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), description="bodies in another country that are told of every alert too"
    )
    probes_leave: bool = Field(False, description="every probe is sent to the recipient, not only alerts")
    keep_alert_seconds: float = Field(0.0, ge=0, le=CENTURY_S, description="seconds an alert is kept")


class Purpose(_Section):
    """Who may ask the store's records for what, and what must be shown for it."""

    purpose: str = Field(min_length=1, description="what for")
    who: str = Field(min_length=1, description="who may ask")
    justification: str = Field(min_length=1, description="what must be shown, in words")
    needs: Justification = Field("stated", description="the least kind of justification that is accepted")
    approver: str | None = Field(None, min_length=1, description="who must approve before it is answered; none: nobody")
    expires_seconds: float = Field(DAY_S, gt=0, le=CENTURY_S, description="seconds for which a granted query may run")
    reads: tuple[DataType, ...] | None = Field(None, description="kinds of data it is answered from; none: all")
    leaves: bool = Field(False, description="the answer leaves the store and is a disclosure")


class OptOut(_Section):
    """What happens to people who do not want to be recorded or recognised."""

    share: Share = Field(description="share of visits whose party opts out")
    billing: Literal["desk", "turned_away", "tracked"] = Field(description="how they pay; turned_away: not let in")
    collection: Literal["nothing", "no_templates", "everything"] = Field(
        description="what of their records is nevertheless kept; pictures of the whole store show everybody"
    )
    recognised_by: Literal["declaration", "face"] = Field(
        "declaration", description="how the store knows: they say so, or every face is compared with a list of theirs"
    )
    source: str = Field(min_length=1, description="where this was read, or that it is assumed")


class Sharing(_Section):
    """Records that leave the store."""

    recipient: str = Field(min_length=1, description="the body outside the store")
    what: DataType = Field(description="the kind of record")
    share: Share = Field(1.0, description="share of the day's records of this kind that is sent")


class Promises(_Section):
    """What the store promises to people."""

    subject_access: bool = Field(False, description="a person can read what the store holds about them")
    erasure_reports: bool = Field(False, description="an erased person is told what was deleted")


class Policy(_Section):
    """One way of running the same store on the same day."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="the policy's name, as on the command line")
    title: str = Field(min_length=1, description="one line for tables")
    summary: str = Field(min_length=1, description="what a visitor meets, in two sentences")
    precedent: str = Field(min_length=1, description="who did it like this")
    sources: tuple[str, ...] = Field(description="where the precedent and the figures were read")
    assumptions: tuple[str, ...] = Field((), description="figures in this file for which no source was found")
    billing: Literal["cash_desk", "tracked"] = Field(description="how people pay")
    sensing: Literal["none", "count", "bodies"] = Field(description="what the cameras are used for")
    identification: Identification
    camera_width_px: int | None = Field(
        None, ge=160, le=8192, description="picture width of this policy's cameras; none: as recorded in the run"
    )
    collects: dict[DataType, Collect] = Field(description="what is collected, and for how long")
    consent: Literal["opt-in", "terms", "none"] = Field(description="how people agree to being identified")
    notice: Literal["none", "sign", "sign-and-app"] = Field(description="how people are told")
    purposes: tuple[Purpose, ...] = Field((), description="who may ask for what")
    keep_queries_seconds: float = Field(
        365 * DAY_S, gt=0, le=CENTURY_S, description="seconds for which the text of a query is kept"
    )
    opt_out: OptOut | None = Field(None, description="what opting out does; none: nobody can")
    searches: tuple[Search, ...] = Field((), description="uses of faces beyond billing")
    sharing: tuple[Sharing, ...] = Field((), description="what leaves the store")
    promises: Promises = Promises()

    @property
    def keeps(self) -> tuple[DataType, ...]:
        """Kinds of data that are written down at all."""
        return tuple(kind for kind, rule in self.collects.items() if rule.keep_seconds > 0)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for field, found, allowed in _contradictions(self):
            raise ContradictionError(field, found, allowed)
        return self


class ContradictionError(ValueError):
    """Two fields of a policy that cannot both hold: field, value found, what is allowed."""

    def __init__(self, field: str, found: object, allowed: str) -> None:
        """Say which field, what was found there and what is allowed."""
        self.field, self.found, self.allowed = field, found, allowed
        super().__init__(f"{field}: found {found!r}, allowed: {allowed}")


def _contradictions(policy: Policy) -> list[tuple[str, object, str]]:
    """Field, value and remedy of every contradiction in a policy."""
    return [
        *_promise_contradictions(policy),
        *_collection_contradictions(policy),
        *_face_contradictions(policy),
        *_governance_contradictions(policy),
    ]


def _promise_contradictions(policy: Policy) -> list[tuple[str, object, str]]:
    found: list[tuple[str, object, str]] = []
    remedy = "false, or a kind of data about people kept for longer than 0 seconds under collects"
    if not any(kind != "counts" for kind in policy.keeps):
        found += [
            (f"promises.{promise}", True, remedy)
            for promise in ("erasure_reports", "subject_access")
            if getattr(policy.promises, promise)
        ]
    return found


def _collection_contradictions(policy: Policy) -> list[tuple[str, object, str]]:
    found: list[tuple[str, object, str]] = []
    if policy.billing == "tracked" and "receipts" not in policy.keeps:
        found.append(("collects.receipts", None, "receipts kept for longer than 0 seconds, as billing is tracked"))
    if policy.billing == "tracked" and policy.sensing != "bodies":
        found.append(("sensing", policy.sensing, "'bodies', as billing is tracked"))
    if policy.sensing != "bodies":
        found += [
            (f"collects.{kind}", "present", "'bodies' under sensing, or no such data")
            for kind in ("tracks", "body_embeddings", "crops")
            if kind in policy.collects
        ]
    found += [
        (f"sharing.{row}.what", share.what, "a kind of data under collects")
        for row, share in enumerate(policy.sharing)
        if share.what not in policy.collects
    ]
    return found + _noise_contradictions(policy)


def _noise_contradictions(policy: Policy) -> list[tuple[str, object, str]]:
    found: list[tuple[str, object, str]] = []
    for kind, rule in policy.collects.items():
        for field in ("epsilon", "most_minutes", "heatmap_epsilon", "heatmap_seconds"):
            value = getattr(rule, field)
            if kind != "counts" and value is not None:
                found.append((f"collects.{kind}.{field}", value, "only under counts"))
        for budget, bound in (("epsilon", "most_minutes"), ("heatmap_epsilon", "heatmap_seconds")):
            if (getattr(rule, budget) is None) != (getattr(rule, bound) is None):
                field = bound if getattr(rule, bound) is None else budget
                found.append((f"collects.{kind}.{field}", None, f"a value: {budget} and {bound} bound noise together"))
    return found


def _face_contradictions(policy: Policy) -> list[tuple[str, object, str]]:
    found: list[tuple[str, object, str]] = []
    who = policy.identification
    if who.method == "face":
        if who.preset is None:
            found.append(("identification.preset", None, "a matcher preset, as faces identify"))
        if who.accounts < 1:
            found.append(("identification.accounts", who.accounts, "at least 1 enrolled customer, as faces identify"))
        if who.where == "gate" and who.terminal is None:
            found.append(("identification.terminal", None, "the reader's geometry, as faces identify at the gate"))
    if (who.method == "none") != (who.where == "nowhere"):
        found.append(("identification.where", who.where, "nowhere exactly when the method is none"))
    if (who.method in ("face", "palm") or policy.searches) and "face_templates" not in policy.collects:
        found.append(("collects.face_templates", None, "a rule for templates (0 seconds: never written down)"))
    found += [
        (f"searches.{row}.suspected_share", 0.0, "more than 0, as only suspected visitors are searched")
        for row, search in enumerate(policy.searches)
        if search.of == "suspected" and search.suspected_share == 0.0
    ]
    return found


def _governance_contradictions(policy: Policy) -> list[tuple[str, object, str]]:
    found: list[tuple[str, object, str]] = [
        (f"purposes.{row}.approver", purpose.approver, "somebody other than who asks")
        for row, purpose in enumerate(policy.purposes)
        if purpose.approver is not None and purpose.approver.casefold() == purpose.who.casefold()
    ]
    choice = policy.opt_out
    if choice is None:
        return found
    if policy.sensing != "bodies":
        found.append(("opt_out", "present", "none, as nobody is followed and so nobody can opt out"))
    if choice.billing == "tracked" and choice.collection == "nothing":
        found.append(("opt_out.collection", choice.collection, "no_templates or everything, as they pay by tracking"))
    if choice.recognised_by == "face" and "face_templates" not in policy.collects:
        found.append(("opt_out.recognised_by", "face", "declaration, or a rule for face_templates under collects"))
    return found

"""Metrics of the attacks on what is kept."""

from store.privacy.metric import Metric

_RETURN = (
    "For every visit of a person who had come on an earlier day, an attacker who holds the store as it stands one day "
    "after the last closing names the likeliest of all persons' visits of earlier days"
)
_ABOVE = "Share named rightly minus the share that guessing would get: 0 is chance. Interval over people (bootstrap)."


def _alone(name: str, title: str, by: str) -> Metric:
    return Metric(f"link_{name}", title, "share above chance", f"As linkability, {by}. {_ABOVE}", "attacks")


METRICS = (
    Metric(
        "linkability",
        "Visits linkable",
        "share above chance",
        f"{_RETURN}, from everything kept that names or shows a person: account, templates, body descriptions, "
        f"pictures, key points, walks, receipts with a name. {_ABOVE} The weight of each kind of record is fixed "
        "beforehand; how alike strangers are is learnt from people in the store at the same time. People wear other "
        "clothes where the run says so. With one day only, everybody is imagined to come back once and is linked by "
        "account or by a newly captured face.",
        "attacks",
    ),
    Metric(
        "link_unnamed",
        "Linked without the account",
        "share above chance",
        "As linkability, from everything but the account: what a store could still do for people whose account it "
        f"deleted or never had. {_ABOVE}",
        "attacks",
    ),
    _alone("account", "Linked by account", "by the account alone: the records say it outright"),
    _alone("face", "Linked by face or palm template", "by kept templates alone (the matcher is simulated)"),
    _alone("body", "Linked by body description", "by kept descriptions of bodies (re-identification vectors)"),
    _alone(
        "crops",
        "Linked by pictures",
        "by networks that read the very pictures kept: the whole look, the colours of hair and skin, and the face (the "
        "matcher is simulated) where it is not blurred and at least 40 pixels wide at the policy's own cameras; of "
        "whole frames, the people cut out of them",
    ),
    _alone(
        "gait",
        "Linked by build and gait",
        "by height, hips, shoulders and rhythm of steps from key points, kept or readable in kept frames, and by pace "
        "from kept positions",
    ),
    _alone(
        "basket",
        "Linked by basket",
        "by what was bought alone, rare products counting more. "
        "Receipts without a name are compared too, purchase with purchase, but do not count for linkability",
    ),
    _alone("route", "Linked by route", "by where in the store somebody spent the time of the visit"),
    Metric(
        "link_control",
        "Control: linkability of shuffled records",
        "share above chance",
        "The linkability attack on the same store after every day's records were handed to other people of that day: "
        "there is nothing to find, so the figure must lie at 0. Mean and middle 95 % of 200 shuffles; the note says "
        "how often luck does as well as the attack.",
        "attacks",
    ),
    Metric(
        "creep",
        "Earlier days joined to a visit",
        "days above chance",
        "Of a returning person's visit on the last day, the number of earlier days on which the attacker, asked for "
        "the likeliest visit of that day, names that person's, minus guessing: how long a history hangs on one visit. "
        "The note shows it grow day by day; it cannot grow past what is kept.",
        "attacks",
    ),
    Metric(
        "unicity",
        "Traces unique from 4 points",
        "share",
        "Share of the movement traces kept one day after closing that no other kept trace shares at 4 of their own "
        "points, picked at random and coarsened to 1 m and 10 s (after de Montjoye et al., PMC7961185). Mean of 20 "
        "picks.",
        "attacks",
    ),
    Metric(
        "k_anonymity",
        "People alike in kept traces",
        "people (median)",
        "Median number of kept traces, the person's own included, that agree with one random point of a trace "
        "coarsened to 1 m and 10 s. 1 means: seen once in one place, and you are singled out.",
        "attacks",
        "higher",
    ),
    Metric(
        "unicity_basket",
        "Receipts unique from 2 products",
        "share",
        "Share of the kept receipts that are the only one with two products picked at random from it: who saw two "
        "things in your bag finds your receipt. Mean of 20 picks, interval over receipts; the note has the same share "
        "where products are dealt out to receipts anew.",
        "attacks",
    ),
    Metric(
        "unicity_body",
        "People unique by height and hour",
        "share",
        "Share of persons' visits whose height, as kept key points give it, is shared within 3 cm by nobody else of "
        "the same hour. The note has the share where heights are handed to others.",
        "attacks",
    ),
    Metric(
        "infer_watchlist",
        "Membership of a list inferred",
        "share above chance",
        "Whoever holds the store takes everybody about whom an alert is kept for somebody on the list: share right "
        "among visitors on the list minus share wrong among others (membership advantage, Yeom et al. 2018). 0 is "
        "guessing, 1 gives the list away. Where nobody on the list came, expected from the matcher's error rates.",
        "attacks",
    ),
    Metric(
        "infer_party",
        "Companions inferred",
        "share above chance",
        "For everybody who came in company, the attacker names the likeliest companion among the people of that day, "
        "from tokens, entrances seconds apart and ways walked side by side. Share named rightly minus guessing; the "
        "note has it without the token, and the control on shuffled records.",
        "attacks",
    ),
    Metric(
        "infer_household",
        "Household inferred over days",
        "share above chance",
        "For every visit of somebody of a household of several, the attacker names the likeliest other member among "
        "the visits of other days: by shared account, or because they look like a companion of another day. Share "
        "named rightly minus guessing, with its control in the note.",
        "attacks",
    ),
)

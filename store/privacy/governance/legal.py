"""Rules that a policy's records appear to touch: indications for a reader, not legal advice."""

from store.privacy.policy import DAY_S, Policy

YEAR_S = 365 * DAY_S


def triggers(policy: Policy, made_with_consent: int, made_without_consent: int) -> list[str]:
    """One line for each rule, from the policy and the number of biometric templates that the day really made."""
    checks = (
        (made_with_consent + made_without_consent > 0, "GDPR Art. 9: biometric data to identify people"),
        (made_without_consent > 0, "GDPR Art. 9(2)(a): templates without explicit consent"),
        (made_without_consent > 0, "BIPA 15(b): templates without written release"),
        (
            policy.sensing == "bodies" or made_without_consent > 0,
            "GDPR Art. 35(3): systematic monitoring, assess first",
        ),
        (_keeps_pictures_long(policy), "GDPR Art. 5(1)(e): pictures or templates kept for over a year"),
        (policy.notice == "none", "GDPR Art. 13: people are not told"),
        (
            any(search.checkers == 0 for search in policy.searches),
            "GDPR Art. 22: alerts that nobody checks before somebody acts",
        ),
        (
            any(search.recipient == "police" and search.of == "everyone" for search in policy.searches),
            "EU AI Act Art. 5(1)(h): real-time identification of the public for the police (with exceptions)",
        ),
        (_leaves(policy), "GDPR Art. 28 or 44: records go to another body"),
    )
    return [text for holds, text in checks if holds]


def _keeps_pictures_long(policy: Policy) -> bool:
    kinds = ("frames", "crops", "face_templates", "body_embeddings")
    return any(rule.keep_seconds >= YEAR_S for kind, rule in policy.collects.items() if kind in kinds)


def _leaves(policy: Policy) -> bool:
    return bool(policy.sharing) or any(search.recipient for search in policy.searches)

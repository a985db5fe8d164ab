"""Accounts and the tokens (app codes, cards, palms) that stand for them at the gate."""

from collections.abc import Iterator, Mapping

from store.errors import UnknownAccount


class Accounts:
    """Which account each token belongs to; several tokens may belong to one account."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._account = dict(tokens)

    def account(self, token: str) -> str:
        """The account of a token; UnknownAccount where it has none."""
        try:
            return self._account[token]
        except KeyError:
            raise UnknownAccount(f"token {token!r} belongs to no account") from None

    def __iter__(self) -> Iterator[str]:
        """Account ids, each once, in order."""
        return iter(sorted(set(self._account.values())))

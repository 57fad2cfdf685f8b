from __future__ import annotations

TEXTS = {
    "oauth_denied": "You did not allow the login there.",
    "oauth_expired": "The login took too long, or was begun in another browser. Try again.",
    "oauth_failed": "The provider did not answer as it should. Try again later.",
    "oauth_already_linked": "That account is linked to somebody else here, or another one is linked to you.",
    "oauth_blocked": "This account may not log in.",
}
"""What pages say when they are called with `?error=`."""


class OAuthProblem(Exception):
    """A login with a provider that ends here. `code` is a key of TEXTS, `status` what the API answers."""

    def __init__(self, code: str, status: int, detail: str = "") -> None:
        super().__init__(detail or TEXTS[code])
        self.code = code
        self.status = status

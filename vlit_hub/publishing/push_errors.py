"""Why a push was refused: one class per reason, each message with its remedy. No message holds a token."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
)

TRANSIENT = (408, 429, 500, 502, 503, 504)  # as huggingface_hub.utils.http_backoff has them


class PushError(RuntimeError):
    """A push that did not happen. Nothing has been published on the branch."""


class NoToken(PushError):
    """No token was given and none is stored."""


class BadToken(PushError):
    """The Hub does not know the token."""


class ReadOnlyToken(PushError):
    """The token may only read."""


class NotYourRepo(PushError):
    """The repository lies in a namespace that the token may not write to."""


class GatedRepo(PushError):
    """Access to the repository must be asked for."""


class BadRepoName(PushError):
    """The Hub takes no repository of this name."""


class NotPrivate(PushError):
    """A private push to a repository that is public."""


class BadFolder(PushError):
    """The folder is missing or empty, or holds links."""


class LimitExceeded(PushError):
    """More files than the Hub takes."""


class CardRejected(PushError):
    """The Hub refuses the metadata of README.md."""


class HubUnavailable(PushError):
    """The Hub did not answer well after all retries."""


class ChecksumMismatch(PushError):
    """What lies on the Hub is not what lies in the folder. The commit exists: push again, or revert it."""


class DiskFull(PushError):
    """No space is left for the ledger or for what is made ready."""


class MergeConflict(PushError):
    """The branch changed while a push of many commits was under way. It holds nothing of the push."""


class ObjectsLost(PushError):
    """The Hub no longer has objects that it acknowledged: they are sent again."""


class TagTaken(PushError):
    """The push is done; the tag it was to get names another commit."""


class PushRunning(PushError):
    """Another process pushes this folder to the same place."""


@contextmanager
def named_errors(repo_id: str) -> Iterator[None]:
    """Turn the client's errors into the classes above; whatever has no class of its own becomes a plain PushError."""
    try:
        yield
    except LocalTokenNotFoundError:
        raise NoToken("No token: run `hf auth login`, set HF_TOKEN, or give one") from None
    except HFValidationError as error:
        raise BadRepoName(f"{error} Use NAMESPACE/NAME of letters, digits, '-', '_' and '.'") from error
    except GatedRepoError as error:
        raise GatedRepo(f"{repo_id} is gated: ask for access on its page, then push again") from error
    except RepositoryNotFoundError as error:
        raise NotYourRepo(f"{repo_id} does not exist, or this token may not see it: check name and token") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status == 401:
            raise BadToken("The Hub does not know this token: make one under Settings, Access Tokens") from error
        if status == 403:
            raise NotYourRepo(
                f"This token may not write to {repo_id}: {error.server_message or 'forbidden'}"
            ) from error
        if status in TRANSIENT:
            raise HubUnavailable(f"The Hub still answers {status} after all retries: push again later") from error
        raise PushError(f"The Hub refused the push to {repo_id} ({status}): {error.server_message or error}") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(f"{error.strerror}: free space beside the folder, then push again; it continues") from error
        raise

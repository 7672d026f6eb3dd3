"""How the real client is called: with back-off, by git-lfs where there is no Xet, without its own progress bars."""

import ipaddress
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlparse

from httpx2 import TransportError
from huggingface_hub import CommitOperationAdd, constants
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
    parse_ratelimit_headers,
)
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from vlit_hub.publishing.push_errors import TRANSIENT, HubUnavailable, PushError

ATTEMPTS = 8
T = TypeVar("T")


def retry(call: Callable[[], T]) -> T:
    retrying = Retrying(
        stop=stop_after_attempt(ATTEMPTS), wait=_wait, retry=retry_if_exception(_is_transient), reraise=True
    )
    try:
        return retrying(call)
    except PushError:
        raise
    except Exception as error:
        if cut := next((cause for cause in _causes(error) if isinstance(cause, TransportError)), None):
            raise HubUnavailable(f"No connection to the Hub after {ATTEMPTS} attempts ({cut}): push again") from error
        http = next((cause for cause in _causes(error) if isinstance(cause, HfHubHTTPError)), None)
        if type(error) is RuntimeError and http is not None:  # the client wraps errors of its upload threads so
            raise http from None
        raise


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _is_transient(error: BaseException) -> bool:
    return not isinstance(error, PushError) and any(
        isinstance(cause, TransportError)
        or (isinstance(cause, HfHubHTTPError) and cause.response.status_code in TRANSIENT)
        for cause in _causes(error)
    )


def _wait(state: RetryCallState) -> float:
    """Seconds: what the Hub asks for, else 0.5, 1, 2, ... at most 60, less up to half by chance."""
    error = state.outcome.exception() if state.outcome else None
    http = next((cause for cause in _causes(error) if isinstance(cause, HfHubHTTPError)), None)
    if http is not None:
        headers = http.response.headers
        limit = parse_ratelimit_headers(headers)
        if limit and limit.remaining == 0:
            return limit.reset_in_seconds + 1
        if after := headers.get("Retry-After"):
            return _seconds(after)
    return min(60.0, 0.5 * 2 ** (state.attempt_number - 1)) * random.uniform(0.5, 1)


def _seconds(after: str) -> float:
    """Of a Retry-After header: a number, or a date; 0 for what is neither or past."""
    if after.isdigit():
        return float(after)
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except ValueError:
        return 0.0


def mark_sent(operation: CommitOperationAdd) -> None:
    """Tell the client that the Hub has this LFS object, so that it neither asks nor reads the file."""
    operation._is_uploaded, operation._upload_mode = True, "lfs"


def upload_mode(operation: CommitOperationAdd) -> str | None:
    """ "lfs" or "regular" as the Hub said; None before it was asked."""
    return operation._upload_mode


@contextmanager
def client_set(endpoint: str, quiet: bool) -> Iterator[None]:
    """Git-lfs instead of Xet for a Hub on loopback, which has no Xet store; no bars of the client's beside ours."""
    xet, bars = constants.HF_HUB_DISABLE_XET, not are_progress_bars_disabled()
    constants.HF_HUB_DISABLE_XET = xet or _is_loopback(urlparse(endpoint).hostname or "")
    if quiet and bars:
        disable_progress_bars()
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = xet
        if quiet and bars:
            enable_progress_bars()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""Pull requests of the local Hub: opened, listed, shown, their status changed, merged into main.

Shapes follow huggingface_hub 2.4 (hf_api.py, community.py). A pull request is a reference ``refs/pr/N`` that starts at
main; what is known of it beside stands in ``pulls.json``.
"""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from vlit_hub.publishing.local_hub.access import writer
from vlit_hub.publishing.local_hub.call import Call
from vlit_hub.publishing.local_hub.store import HubError, Repo

OPEN = ("draft", "open")


async def create(call: Call) -> Response:
    repo, body = call.repo("propose"), await call.request.json()
    if not body.get("pullRequest"):
        raise HubError(400, "This Hub holds pull requests only, no discussions")
    number = repo.open_pull(repo.at("main"), str(body["title"]), writer(call.account).user, "draft")
    return JSONResponse({"num": number})


async def listed(call: Call) -> Response:
    repo, query = call.repo("see"), call.request.query_params
    status, author = query.get("status", "all"), query.get("author")
    found = [
        _shown(repo, int(number))
        for number, pull in repo.pulls.items()
        if author in (None, pull["author"]) and status in ("all", "closed" if pull["status"] not in OPEN else "open")
    ]
    found = [] if query.get("type") == "discussion" else found[::-1]
    start = int(query.get("p", 0)) * 50
    return JSONResponse({"count": len(found), "start": start, "discussions": found[start : start + 50]})


async def shown(call: Call) -> Response:
    repo = call.repo("see")
    pull = _pull(call, repo)
    changes = {"base": "refs/heads/main", **({"mergeCommitId": pull["merged"]} if pull["merged"] else {})}
    extra = {"events": [], "filesWithConflicts": [], "diff": "", "changes": changes}
    return JSONResponse({**_shown(repo, int(call.args["number"])), **extra})


async def status(call: Call) -> Response:
    repo, body = call.repo("propose"), await call.request.json()
    _may_change(call, repo)
    if body["status"] not in ("open", "closed"):
        raise HubError(400, f"Invalid status {body['status']!r}")
    repo.set_pull(int(call.args["number"]), status=body["status"])
    event = {"id": "1", "type": "status-change", "createdAt": _now(), "data": {"status": body["status"]}}
    return JSONResponse({"newStatus": {**event, "author": {"name": writer(call.account).user}}})


async def merge(call: Call) -> Response:
    """The files that the pull request changed, into main; 409 where main changed them too, or it is no longer open."""
    repo = call.repo("write")
    pull = _pull(call, repo)
    if pull["status"] == "draft":
        raise HubError(403, "A draft cannot be merged: mark it as ready for review first")
    if pull["status"] != "open":
        raise HubError(409, f"This pull request is {pull['status']}")
    number = int(call.args["number"])
    done = repo.merge(repo.at(pull["base"]), f"refs/pr/{number}", f"{pull['title']} (#{number})", pull["author"])
    repo.set_pull(number, status="merged", merged=done.oid)
    return JSONResponse({"mergedOid": done.oid})


def _may_change(call: Call, repo: Repo) -> None:
    account = writer(call.account)
    if account.user != _pull(call, repo)["author"] and not account.owns(repo.id):
        raise HubError(403, "Only its author or an owner of the repository may change a pull request")


def _pull(call: Call, repo: Repo) -> dict[str, Any]:
    pull = repo.pulls.get(call.args["number"])
    if pull is None:
        raise HubError(404, f"No pull request {call.args['number']}")
    return pull


def _shown(repo: Repo, number: int) -> dict[str, Any]:
    pull = repo.pulls[str(number)]
    return {
        "num": number,
        "title": pull["title"],
        "status": pull["status"],
        "author": {"name": pull["author"]},
        "createdAt": pull["created"],
        "isPullRequest": True,
        "repo": {"name": repo.id, "type": repo.kind.removesuffix("s")},
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

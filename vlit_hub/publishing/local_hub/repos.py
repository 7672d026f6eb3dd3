"""The endpoints that look at repositories, create and delete them, their branches and tags, and serve their files.

Shapes follow huggingface_hub 2.4 (hf_api.py, file_download.py); what its client does not call is not answered.
"""

import json
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import FileResponse, JSONResponse, Response

from vlit_hub.publishing.local_hub import content
from vlit_hub.publishing.local_hub.access import writer
from vlit_hub.publishing.local_hub.call import PREFIX, Call
from vlit_hub.publishing.local_hub.store import KINDS, Commit, HubError


async def whoami(call: Call) -> Response:
    account = call.account
    if account is None:
        raise HubError(401, "Invalid username or password.")
    token = {"type": "access_token", "accessToken": {"displayName": "local", "role": account.right}}
    orgs = [{"type": "org", "name": org, "roleInOrg": "write"} for org in account.orgs]
    return JSONResponse({"type": "user", "name": account.user, "fullname": account.user, "orgs": orgs, "auth": token})


async def validate_yaml(call: Call) -> Response:
    errors, warnings = content.card_checked((await call.request.json())["content"])
    body = {
        "errors": [{"message": error} for error in errors],
        "warnings": [{"message": warning} for warning in warnings],
    }
    return JSONResponse(body, status_code=400 if errors else 200)


async def _named_repo(call: Call) -> tuple[str, str, dict[str, Any]]:
    body = await call.request.json()
    account = writer(call.account)
    kind = f"{body.get('type', 'model')}s"
    if kind not in KINDS:
        raise HubError(400, f"This Hub holds {' and '.join(KINDS)} only, not {kind}")
    repo_id = f"{body.get('organization') or account.user}/{body['name']}"
    if not account.owns(repo_id):
        raise HubError(403, f"You don't have the rights to create or delete a repository under {repo_id.split('/')[0]}")
    return kind, repo_id, body


async def create_repo(call: Call) -> Response:
    kind, repo_id, body = await _named_repo(call)
    answer = {"url": f"{call.base}/{PREFIX[kind]}{repo_id}", "name": repo_id}
    private = bool(body.get("private")) or body.get("visibility") == "private"
    try:
        call.hub.store.create(kind, repo_id, private, {".gitattributes": content.ATTRIBUTES})
    except HubError as error:
        if error.status != 409:  # the client reads the url of an existing repository from the refusal
            raise
        return JSONResponse({**answer, "error": error.message}, status_code=409)
    return JSONResponse(answer)


async def delete_repo(call: Call) -> Response:
    kind, repo_id, _ = await _named_repo(call)
    call.hub.store.delete(call.hub.gate.admit(call.hub.store.repo(kind, repo_id), call.account, "write"))
    return Response()


async def settings(call: Call) -> Response:
    repo, body = call.repo("write"), await call.request.json()
    if "visibility" in body:
        repo.set(private=body["visibility"] == "private")
    if "gated" in body:
        repo.set(gated=body["gated"])
    return JSONResponse({})


async def info(call: Call) -> Response:
    repo = call.repo("see")
    commit, state = repo.at(call.rev), repo.settings
    sizes = call.request.query_params.get("blobs") in ("true", "True", "1")
    readme = commit.files.get("README.md")
    card = content.card_data(call.hub.store.blobs.path(readme.sha256).read_text("utf-8", "replace")) if readme else {}
    return JSONResponse(
        {
            "id": repo.id,
            "author": repo.id.split("/")[0],
            "sha": commit.oid,
            "private": state["private"],
            "gated": state["gated"],
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "createdAt": state["created"],
            "lastModified": commit.date,
            "siblings": [content.sibling(path, entry, sizes) for path, entry in commit.files.items()],
            "cardData": card,
        }
    )


async def tree(call: Call) -> Response:
    commit, under = call.repo("see").at(call.rev), call.args.get("path", "").rstrip("/")
    if under and under not in commit.folders:
        raise HubError(404, f"{under} does not exist on {call.rev}", "EntryNotFound", commit.oid)
    recursive = call.request.query_params.get("recursive") in ("true", "True", "1")
    return call.page(content.listing(commit, under, recursive))


async def paths_info(call: Call) -> Response:
    commit = call.repo("see").at(call.rev)
    wanted = parse_qs((await call.request.body()).decode()).get("paths", [])
    found = [content.described(commit, path.rstrip("/")) for path in wanted]
    return JSONResponse([entry for entry in found if entry])


async def refs(call: Call) -> Response:
    groups: dict[str, list[dict[str, str]]] = {"branches": [], "tags": [], "pullRequests": [], "converts": []}
    for ref, oid in sorted(call.repo("see").refs.items()):
        group = {"heads": "branches", "tags": "tags", "pr": "pullRequests"}[ref.split("/")[1]]
        name = ref if group == "pullRequests" else ref.split("/", 2)[2]
        groups[group].append({"name": name, "ref": ref, "targetCommit": oid})
    return JSONResponse(groups)


async def commits(call: Call) -> Response:
    def item(commit: Commit) -> dict[str, Any]:
        texts = {"title": commit.title, "message": commit.message, "date": commit.date}
        return {"id": commit.oid, "authors": [{"user": commit.author}], **texts}

    return call.page([item(commit) for commit in call.repo("see").history(call.rev)])


async def branch(call: Call) -> Response:
    repo, name = call.repo("write"), f"refs/heads/{content.check_ref(call.rev)}"
    if call.request.method == "DELETE":
        if call.rev == "main":
            raise HubError(403, "The default branch cannot be deleted")
        repo.set_ref(name, None)
    else:
        body = await call.request.body()
        start = json.loads(body or b"{}").get("startingPoint", "main")
        repo.set_ref(name, repo.at(start).oid, new=True)
    return Response()


async def tag(call: Call) -> Response:
    repo = call.repo("write")
    if call.request.method == "DELETE":
        repo.set_ref(f"refs/tags/{call.rev}", None)
    else:
        name = content.check_ref((await call.request.json())["tag"])
        repo.set_ref(f"refs/tags/{name}", repo.at(call.rev).oid, new=True)
    return Response()


async def resolve(call: Call) -> Response:
    commit, path = call.repo("files").at(call.rev), call.args["path"]
    entry = commit.files.get(path)
    if entry is None:
        raise HubError(404, f"{path} does not exist on {call.rev}", "EntryNotFound", commit.oid)
    headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{entry.sha256 if entry.pointer_size else entry.oid}"'}
    if entry.pointer_size:
        headers |= {"X-Linked-Size": str(entry.size), "X-Linked-ETag": headers["ETag"]}
    file = call.hub.store.blobs.path(entry.sha256)
    return FileResponse(file, headers=headers, media_type="application/octet-stream")


async def xet_token(call: Call) -> Response:
    raise HubError(400, "This local Hub speaks git-lfs, not Xet: set HF_HUB_DISABLE_XET=1 before starting Python")


async def unknown(call: Call) -> Response:
    raise HubError(404, "Repository not found (this local Hub knows NAMESPACE/NAME only)", "RepoNotFound")

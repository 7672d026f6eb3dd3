"""The endpoints of an upload: which way each file goes, the git-lfs transfer, and the commit.

Shapes follow huggingface_hub 2.4 (_commit_api.py, lfs.py).
"""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from vlit_hub.publishing.local_hub import content
from vlit_hub.publishing.local_hub.access import writer
from vlit_hub.publishing.local_hub.call import PREFIX, Call
from vlit_hub.publishing.local_hub.store import Change, HubError


async def preupload(call: Call) -> Response:
    proposed = call.request.query_params.get("create_pr") or call.rev.startswith("refs/pr/")
    commit = call.repo("propose" if proposed else "write").at(call.rev)
    rules = content.lfs_patterns(commit, call.hub.store.blobs)
    answer = []
    for file in (await call.request.json())["files"]:
        lfs = content.goes_lfs(file["path"], file["size"], base64.b64decode(file["sample"]), rules)
        here = commit.files.get(file["path"])
        oid = (here.sha256 if here.pointer_size else here.oid) if here else None
        mode = "lfs" if lfs else "regular"
        answer.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return JSONResponse({"files": answer})


async def _lines(request: Request) -> AsyncIterator[dict[str, Any]]:
    rest = b""
    async for chunk in request.stream():
        *whole, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else (rest + chunk,)
        for line in whole:
            if line.strip():
                yield json.loads(line)
    if rest.strip():
        yield json.loads(rest)


def _change(call: Call, key: str, value: dict[str, Any]) -> Change:
    blobs = call.hub.store.blobs
    if key == "file":
        return Change(value["path"], blobs.regular(base64.b64decode(value["content"])))
    if key == "lfsFile":
        return Change(value["path"], blobs.lfs(value["oid"]))
    if key in ("deletedFile", "deletedFolder"):
        return Change(value["path"], None, key == "deletedFolder")
    raise HubError(400, f"Unknown operation in commit: {key}")


async def commit(call: Call) -> Response:
    create_pr = call.request.query_params.get("create_pr") == "1"
    repo = call.repo("propose" if create_pr or call.rev.startswith("refs/pr/") else "write")
    header: dict[str, Any] = {}
    changes = []
    async for line in _lines(call.request):
        if line["key"] == "header":
            header = line["value"]
        else:
            changes.append(_change(call, line["key"], line["value"]))
    if not header.get("summary"):
        raise HubError(400, "A commit needs a summary")
    done, ref = repo.commit(
        call.rev,
        changes,
        title=header["summary"],
        message=header.get("description", ""),
        author=writer(call.account).user,
        parent=header.get("parentCommit", ""),
        pr=create_pr,
    )
    url = f"{call.base}/{PREFIX[repo.kind]}{repo.id}"
    pr_url = f"{url}/discussions/{ref.removeprefix('refs/pr/')}" if create_pr else None
    answer = {"success": True, "commitUrl": f"{url}/commit/{done.oid}", "commitOid": done.oid, "pullRequestUrl": pr_url}
    return JSONResponse(answer)


async def lfs_batch(call: Call) -> Response:
    call.repo("propose")
    answer: list[dict[str, Any]] = []
    asked = set()
    for item in (await call.request.json())["objects"]:
        oid, size = item["oid"], int(item["size"])
        answer.append({"oid": oid, "size": size})
        if oid not in asked and not call.hub.store.blobs.path(oid).exists():
            asked.add(oid)  # two paths with one content: one upload
            upload = {"href": f"{call.base}/lfs/{oid}/{size}/{call.hub.ticket(oid, size)}"}
            answer[-1]["actions"] = {"upload": upload, "verify": {"href": f"{call.base}/lfs/verify"}}
    return JSONResponse({"transfer": "basic", "objects": answer}, media_type="application/vnd.git-lfs+json")


async def lfs_put(call: Call) -> Response:
    oid, size, blobs = call.args["oid"], int(call.args["size"]), call.hub.store.blobs
    if not hmac.compare_digest(call.args["ticket"], call.hub.ticket(oid, size)):
        raise HubError(403, "This upload URL was not given by this Hub")
    received, digest, length = blobs.incoming / uuid.uuid4().hex, hashlib.sha256(), 0
    try:
        with received.open("wb") as file:
            async for chunk in call.request.stream():
                length += len(chunk)
                if length > size:
                    raise HubError(400, f"More than the {size} bytes announced")
                digest.update(chunk)
                file.write(chunk)
        if (digest.hexdigest(), length) != (oid, size):
            raise HubError(400, "The bytes received do not have the hash announced")
        blobs.keep(received, oid)
    finally:
        received.unlink(missing_ok=True)
    return Response()


async def lfs_verify(call: Call) -> Response:
    writer(call.account)
    body = await call.request.json()
    if call.hub.store.blobs.lfs(body["oid"]).size != body["size"]:
        raise HubError(422, "The object here has another size")
    return Response()

"""What the workflows ask of GitHub: the last run file of main, and one comment on a pull request that is kept current.

    python tools/github.py baseline -o FILE     the newest artifact `baseline` that main has uploaded
    python tools/github.py comment FILE         what `wirematrix comment` printed, on the pull request that was just run

Both go by environment variables that a workflow sets: GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN; for a comment
also HEAD_OWNER, HEAD_BRANCH and HEAD_SHA (what was run) and REPORT_URL (where its report is). Exit status 0 also if
there is no baseline, or no pull request any more: then a sentence says so and nothing is written. 1 if GitHub refuses.

Whoever opens a pull request chooses branch names, artifacts and, with a workflow of their own, what that workflow
uploads. So a baseline must come from a branch of this very repository, a pull request is found by the commit that
GitHub says was run, and a comment is only ever changed if it is our own.
"""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx

MARKER: Final = "<!-- wirematrix: difference -->"  # hidden; how the comment is found again
OURS: Final = "github-actions[bot]"
ARTIFACT: Final = "baseline"
BRANCH: Final = "main"
MEMBER: Final = "run.json"
LARGEST_BYTES: Final = 1 << 28  # of a run file, as wirematrix reads it
LARGEST_COMMENT: Final = 65_536  # characters
PAGE: Final = 100
PAGES: Final = 50  # nobody looks further
TIMEOUT_S: Final = 60.0


class Refused(Exception):
    """GitHub did not answer as it must, or something we were given cannot be used."""


class GitHub:
    """One repository, through its API."""

    def __init__(self, url: str, repository: str, token: str) -> None:
        self._at = f"/repos/{repository}"
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        # Files are elsewhere: a redirect is followed, and httpx takes the token away when it leads to another host.
        self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S, follow_redirects=True)

    def baseline(self) -> bytes | None:
        """The newest run file that main has kept; None if there is none."""
        own = self._get("")["id"]
        found = self._get("/actions/artifacts", name=ARTIFACT, per_page=PAGE)["artifacts"]
        ours = [
            one
            for one in found
            if not one["expired"]
            and one["workflow_run"]["head_branch"] == BRANCH
            and one["workflow_run"]["head_repository_id"] == one["workflow_run"]["repository_id"] == own
        ]
        if not ours:
            return None
        newest = max(ours, key=lambda one: str(one["created_at"]))
        return unpacked(self._asked("GET", f"/actions/artifacts/{int(newest['id'])}/zip").content)

    def pull_request(self, owner: str, branch: str, sha: str) -> int | None:
        """The number of the open pull request with this head; None if there is none, or it has moved on."""
        opened = self._get("/pulls", state="open", head=f"{owner}:{branch}", per_page=PAGE)
        return next((int(one["number"]) for one in opened if one["head"]["sha"] == sha), None)

    def comment(self, number: int, text: str) -> str:
        """Say it on a pull request: in the comment we made before, or in a new one. Whether it was there before."""
        body = {"body": text}
        for one in self._comments(number):
            if one["user"]["login"] == OURS and one["user"]["type"] == "Bot" and one["body"].startswith(MARKER):
                self._asked("PATCH", f"/issues/comments/{int(one['id'])}", json=body)
                return "updated"
        self._asked("POST", f"/issues/{number}/comments", json=body)
        return "made"

    def _comments(self, number: int) -> Iterator[Any]:
        for page in range(1, PAGES + 1):
            found = self._get(f"/issues/{number}/comments", per_page=PAGE, page=page)
            yield from found
            if len(found) < PAGE:
                return

    def _get(self, way: str, **query: str | int) -> Any:
        return self._asked("GET", way, params=query).json()

    def _asked(self, verb: str, way: str, **rest: Any) -> httpx.Response:
        try:
            answer = self._http.request(verb, f"{self._at}{way}", **rest)
        except httpx.HTTPError as error:
            raise Refused(f"{verb} {self._at}{way}: {error}") from error
        if not answer.is_success:
            raise Refused(f"{verb} {self._at}{way}: GitHub answered {answer.status_code}")
        return answer


def unpacked(archive: bytes) -> bytes:
    """The run file in an artifact, which is a zip archive; nothing else in it is looked at."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened, opened.open(MEMBER) as member:
            content = member.read(LARGEST_BYTES + 1)
    except (zipfile.BadZipFile, KeyError) as error:
        raise Refused(f"the artifact {ARTIFACT} is no archive with {MEMBER}: {error}") from error
    if len(content) > LARGEST_BYTES:
        raise Refused(f"{MEMBER} of the artifact {ARTIFACT} is too large; expected at most {LARGEST_BYTES} bytes")
    return content


def main(words: list[str]) -> int:
    """Do one of both; its exit status."""
    try:
        match words:
            case ["baseline", "-o", file]:
                return keep_baseline(Path(file))
            case ["comment", file]:
                return keep_comment(Path(file))
    except Refused as because:
        print(f"github: {because}", file=sys.stderr)
        return 1
    print(__doc__, file=sys.stderr)
    return 2


def keep_baseline(file: Path) -> int:
    """Write main's last run file, if there is one."""
    content = github().baseline()
    if content is None:
        print(f"github: {BRANCH} has no artifact {ARTIFACT} (yet, or any more); {file} is not written")
        return 0
    file.write_bytes(content)
    print(f"github: {file} is the last run file of {BRANCH}")
    return 0


def keep_comment(file: Path) -> int:
    """Say what a file holds on the pull request that was run."""
    said = file.read_text(encoding="utf-8")
    head = "" if said.startswith(MARKER) else f"{MARKER}\n"
    text = f"{head}{said}\n[Report and evidence]({setting('REPORT_URL')})\n"
    if len(text) > LARGEST_COMMENT:
        raise Refused(f"{file} has {len(text)} characters with head and foot; expected at most {LARGEST_COMMENT}")
    at = github()
    number = at.pull_request(setting("HEAD_OWNER"), setting("HEAD_BRANCH"), setting("HEAD_SHA"))
    if number is None:
        print("github: no open pull request has the commit that was run; nothing is said")
        return 0
    print(f"github: the comment on pull request {number} was {at.comment(number, text)}")
    return 0


def github() -> GitHub:
    """The repository that the environment names."""
    return GitHub(setting("GITHUB_API_URL"), setting("GITHUB_REPOSITORY"), setting("GITHUB_TOKEN"))


def setting(name: str) -> str:
    """An environment variable that must be there."""
    value = os.environ.get(name, "")
    if not value:
        raise Refused(f"{name} is not set; expected what a workflow sets")
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

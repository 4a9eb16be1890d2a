"""What the workflows ask of GitHub, against an API of our own on loopback: who is trusted, and what is said once."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tools import github

REPOSITORY = "someone/wirematrix"
OWN_ID = 7
SHA = "a" * 40
TOKEN = "only-for-the-api"


def archive(**members: bytes) -> bytes:
    """A zip archive as GitHub keeps artifacts."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as opened:
        for name, content in members.items():
            opened.writestr(f"{name}.json", content)
    return packed.getvalue()


class Site:
    """As much of GitHub as is asked, and a second host where its files are."""

    def __init__(self) -> None:
        self.artifacts: list[dict[str, Any]] = []
        self.files: dict[int, bytes] = {}
        self.pulls: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.refuses = ""  # requests to an address that ends so
        self.asked: list[tuple[str, str]] = []
        self.token_at_files: str | None = None
        self.elsewhere = ""

    def artifact(self, number: int, created: str, *, branch: str = "main", home: int = OWN_ID, **rest: Any) -> None:
        """One that some run uploaded."""
        run = {"head_branch": branch, "head_repository_id": home, "repository_id": OWN_ID}
        self.artifacts.append({"id": number, "created_at": created, "expired": False, "workflow_run": run, **rest})
        self.files[number] = archive(run=f"run {number}".encode())

    def comment(self, number: int, body: str, login: str = github.OURS, kind: str = "Bot") -> None:
        """One that somebody made."""
        self.comments.append({"id": number, "body": body, "user": {"login": login, "type": kind}})

    def answer(self, way: str, query: dict[str, list[str]]) -> object:
        """What GitHub says to GET."""
        match way.removeprefix(f"/repos/{REPOSITORY}"):
            case "":
                return {"id": OWN_ID}
            case "/actions/artifacts":
                assert query["name"] == ["baseline"]
                return {"artifacts": self.artifacts}
            case "/pulls":
                assert query["state"] == ["open"]
                return [one for one in self.pulls if one["of"] == query["head"][0]]
            case "/issues/5/comments":
                first = (int(query["page"][0]) - 1) * int(query["per_page"][0])
                return self.comments[first : first + int(query["per_page"][0])]
        return None


class Door(BaseHTTPRequestHandler):
    """The site as something that a server can serve."""

    site: Site

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.startswith("/files/"):
            self.site.token_at_files = self.headers["Authorization"]
            self.say(200, self.site.files[int(parts.path.rpartition("/")[2])])
        elif self.allowed() and parts.path.endswith("/zip"):
            self.send_response(302)
            self.send_header("Location", f"{self.site.elsewhere}/files/{parts.path.split('/')[-2]}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.allowed():
            self.say(200, json.dumps(self.site.answer(parts.path, parse_qs(parts.query))).encode())

    def do_POST(self) -> None:
        self.write()

    def do_PATCH(self) -> None:
        self.write()

    def write(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        if not self.allowed():
            return
        self.site.asked.append((self.command, self.path))
        if self.command == "POST":
            self.site.comment(len(self.site.comments) + 1, body)
        else:
            (meant,) = [one for one in self.site.comments if one["id"] == int(self.path.rpartition("/")[2])]
            meant["body"] = body
        self.say(200, b"{}")

    def allowed(self) -> bool:
        if self.headers["Authorization"] == f"Bearer {TOKEN}" and not (
            self.site.refuses and self.path.endswith(self.site.refuses)
        ):
            return True
        self.say(403, b"{}")
        return False

    def say(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *words: Any) -> None:  # noqa: A002 - the base class names it
        pass


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """GitHub, for this test alone."""
    made = Site()
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), type("OwnDoor", (Door,), {"site": made})) for _ in range(2)]
    api, made.elsewhere = (f"http://127.0.0.1:{one.server_port}" for one in servers)
    settings = {
        "GITHUB_API_URL": api,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": TOKEN,
        "HEAD_OWNER": "stranger",
        "HEAD_BRANCH": "main",
        "HEAD_SHA": SHA,
        "REPORT_URL": "https://github.example/run/1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    threads = [threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02}) for one in servers]
    for thread in threads:
        thread.start()
    yield made
    for one, thread in zip(servers, threads, strict=True):
        one.shutdown()
        thread.join()
        one.server_close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the baseline goes."""
    return tmp_path / "baseline.json"


def test_the_newest_run_of_main_is_the_baseline(site: Site, file: Path) -> None:
    """Of all that main uploaded the newest that is still there."""
    site.artifact(1, "2026-01-01T00:00:00Z")
    site.artifact(3, "2026-01-03T00:00:00Z")
    site.artifact(2, "2026-01-02T00:00:00Z")
    site.artifact(4, "2026-01-04T00:00:00Z", expired=True)
    assert github.main(["baseline", "-o", str(file)]) == 0
    assert file.read_bytes() == b"run 3"


def test_nobody_else_makes_a_baseline(site: Site, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A branch named main of somebody's fork, or another branch of ours, is not main."""
    site.artifact(1, "2026-01-01T00:00:00Z", home=666)
    site.artifact(2, "2026-01-02T00:00:00Z", branch="feature")
    assert github.main(["baseline", "-o", str(file)]) == 0
    assert not file.exists()
    assert "main has no artifact baseline" in capsys.readouterr().out


def test_the_token_stays_with_the_api(site: Site, file: Path) -> None:
    """Where GitHub keeps its files the token is not shown."""
    site.artifact(1, "2026-01-01T00:00:00Z")
    assert github.main(["baseline", "-o", str(file)]) == 0
    assert site.token_at_files is None


@pytest.mark.parametrize("content", [b"no archive", archive(other=b"x")])
def test_an_artifact_that_is_none_is_refused(
    site: Site, file: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Something else than an archive with a run file is one sentence, and nothing is written."""
    site.artifact(1, "2026-01-01T00:00:00Z")
    site.files[1] = content
    assert github.main(["baseline", "-o", str(file)]) == 1
    assert "github: the artifact baseline is no archive with run.json" in capsys.readouterr().err
    assert not file.exists()


def test_an_artifact_beyond_all_measure_is_refused(
    site: Site, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A small archive that unpacks to something huge is not unpacked to its end."""
    monkeypatch.setattr(github, "LARGEST_BYTES", 1_000)
    site.artifact(1, "2026-01-01T00:00:00Z")
    site.files[1] = archive(run=bytes(1_001))
    assert github.main(["baseline", "-o", str(file)]) == 1
    assert "run.json of the artifact baseline is too large; expected at most 1000 bytes" in capsys.readouterr().err


@pytest.fixture
def difference(site: Site, tmp_path: Path) -> Path:
    """What is to be said on the stranger's pull request 5."""
    site.pulls.append({"number": 5, "of": "stranger:main", "head": {"sha": SHA}})
    file = tmp_path / "difference.md"
    file.write_text("## 1 regressed\n", encoding="utf-8")
    return file


def test_it_is_said_once(site: Site, difference: Path) -> None:
    """The second run of a pull request changes the comment of the first."""
    for text in ("## 1 regressed\n", f"{github.MARKER}\n## nothing changed\n"):
        difference.write_text(text, encoding="utf-8")
        assert github.main(["comment", str(difference)]) == 0
    assert [verb for verb, _ in site.asked] == ["POST", "PATCH"]
    assert [one["body"] for one in site.comments] == [
        f"{github.MARKER}\n## nothing changed\n\n[Report and evidence](https://github.example/run/1)\n"
    ]


def test_our_comment_is_found_behind_many_others(site: Site, difference: Path) -> None:
    """However long the conversation, there is no second comment."""
    for number in range(1, 251):
        site.comment(number, "me too", "someone", "User")
    site.comment(251, f"{github.MARKER}\nold")
    assert github.main(["comment", str(difference)]) == 0
    assert site.asked == [("PATCH", f"/repos/{REPOSITORY}/issues/comments/251")]


@pytest.mark.parametrize(("login", "kind"), [("stranger", "User"), (github.OURS, "User"), ("other[bot]", "Bot")])
def test_nobody_elses_comment_is_touched(site: Site, difference: Path, login: str, kind: str) -> None:
    """The marker in somebody else's comment does not make it ours."""
    site.comment(1, f"{github.MARKER}\nmine", login, kind)
    assert github.main(["comment", str(difference)]) == 0
    assert site.asked == [("POST", f"/repos/{REPOSITORY}/issues/5/comments")]


def test_a_pull_request_that_moved_on_is_left_alone(
    site: Site, difference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was run is not what would be merged any more, or the pull request is closed: nothing is said."""
    site.pulls[0]["head"]["sha"] = "b" * 40
    assert github.main(["comment", str(difference)]) == 0
    assert site.asked == []
    assert "no open pull request has the commit that was run" in capsys.readouterr().out


@pytest.mark.parametrize("refuses", ["/comments", "per_page=100&page=1"])
def test_a_refusal_is_one_sentence(
    site: Site, difference: Path, refuses: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the permission it says what was refused, and never the token."""
    site.refuses = refuses
    assert github.main(["comment", str(difference)]) == 1
    said = capsys.readouterr().err
    assert f"/repos/{REPOSITORY}/issues/5/comments: GitHub answered 403" in said
    assert TOKEN not in said


def test_what_is_too_long_is_not_said(site: Site, difference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """GitHub would refuse it with less of an explanation."""
    difference.write_text("x" * 70_000, encoding="utf-8")
    assert github.main(["comment", str(difference)]) == 1
    assert "characters with head and foot; expected at most 65536" in capsys.readouterr().err
    assert site.asked == []


def test_a_missing_setting_is_named(
    difference: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A workflow that forgot one is told which."""
    monkeypatch.delenv("HEAD_SHA")
    assert github.main(["comment", str(difference)]) == 1
    assert capsys.readouterr().err == "github: HEAD_SHA is not set; expected what a workflow sets\n"
    assert github.main(["baseline"]) == 2


def test_nobody_there_is_one_sentence(
    file: Path, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A GitHub that does not answer is no traceback."""
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    assert github.main(["baseline", "-o", str(file)]) == 1
    assert capsys.readouterr().err.startswith(f"github: GET /repos/{REPOSITORY}: ")

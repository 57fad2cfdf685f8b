"""The pages that hand off one session, or those that were selected."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from opensession.hail import actions
from opensession.hail.model import Json
from sessions import bodies
from sessions.models import Session, Strand
from tests.base import user as person
from tests.commands.test_handoff import handoff
from tests.factories import agent, call, edit, event, make_session, result, shell, user
from tests.gitstore.repositories import check, git, repository, user_files
from tests.sessions.pages import links, long_session
from tests.sessions.test_hostile_pages import assert_harmless

pytestmark = pytest.mark.django_db

PREFIX = "refs/opensession/handoff/artifacts/"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that the server runs in, which lies in no repository."""
    place = tmp_path / "elsewhere"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


def worked(**fields: object) -> Session:
    """Store a session in which a test fails, a linter passed and a file changed."""
    todo = {"todos": [{"content": "Write the test", "status": "completed"}, {"content": "Fix it", "status": "pending"}]}
    return make_session(
        *(user("Fix the rounding of fees"), call("TodoWrite", Json(data=todo), call_id="c1"), result(call_id="c1")),
        *(edit("/code/shop/fees.py", "@@ -1 +1,2 @@\n-old\n+new\n+more"), shell("ruff check", 0)),
        *(shell("ls", 0), shell("pytest tests/fees", 2), agent("It still fails")),
        **{"title": "Rounding of fees", "cwd": "/code/shop", **fields},
    )


def shown(client: Client, *sessions: Session, query: str = "", status: int = 200) -> str:
    answer = client.get(address(*sessions) + query)
    assert answer.status_code == status
    return answer.content.decode()


def address(*sessions: Session) -> str:
    if len(sessions) == 1:
        return f"/session/{sessions[0].pk}/handoff"
    return "/handoff?" + "&".join(f"session={session.pk}" for session in sessions)


def words(html: str) -> str:
    """Return the text of a page in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"</?(?:code|span)\b[^>]*>", "", html)).split())


def test_it_works(client: Client) -> None:
    session = worked()
    html = shown(client, session)
    text = words(html)
    assert "<title>Handoff: Rounding of fees - opensession.io</title>" in html
    assert "Fix the rounding of fees" in text
    assert "Fix what makes pytest tests/fees fail, then run it again." in text
    assert "Failing check still open: pytest tests/fees" in text
    assert "Changed 1 file(s): /code/shop/fees.py." in text
    assert "2 passed, 1 failed" in text
    assert "Write the test" in text
    assert "fees.py +2 −1" in text
    assert 'data-verdict="good"' in html


def test_it_shows_the_checks_that_tell_most_and_folds_the_rest(client: Client) -> None:
    html = shown(client, worked())
    seen, folded = html.split("Other commands (1)")
    assert "<code>ls</code>" in folded
    assert "<code>ruff check</code>" in seen.split('id="checks-1"')[1]
    text = words(seen.split('id="checks-1"')[1])
    assert "passed ruff check lint exit 0" in text
    assert "failed pytest tests/fees test exit 2" in text


def test_every_statement_leads_to_its_events(client: Client) -> None:
    session = worked()
    html = shown(client, session)
    cited = set(re.findall(r'class="cite" href="([^"]+)"', html))
    assert {url.partition("?")[0] for url in cited} == {
        f"/session/{session.pk}/e/main.{number}" for number in (0, 1, 3, 4, 5, 6)
    }
    assert {client.get(url).status_code for url in cited} == {200}
    next_actions = html.split('id="next-1"')[1].split("</section>")[0]
    assert re.search(r"pytest tests/fees.*?e/main\.6\?id=[^>]*><span[^>]*>Event </span>#7<", next_actions, re.DOTALL)


def test_it_orders_steps_and_tells_what_they_wait_for(client: Client) -> None:
    first: dict[str, Any] = {"semantic.group_id": "t1"}
    second: dict[str, Any] = {"semantic.group_id": "t2"}
    session = make_session(
        *(user(), event(actions.TaskStart(title="Change the fees"), **first), edit("/code/shop/fees.py", **first)),
        event(actions.TaskEnd(summary="Changed"), seconds=90, **first),
        *(event(actions.TaskStart(title="Change them back"), **second), edit("/code/shop/fees.py", **second)),
    )
    steps = words(shown(client, session).split('id="steps-1"')[1].split("</section>")[0])
    assert re.search(r"\d Change the fees completed 2026-03-01 10:00 UTC took 1m 30s", steps)
    assert re.search(r"\d Change them back in progress after \d 2026-03-01 10:00 UTC", steps)


def test_it_says_what_the_handoff_lacks(client: Client) -> None:
    html = shown(client, make_session(user("Fix it"), edit()))
    assert 'data-verdict="warn"' in html
    assert "1 finding" in html
    assert "<code>verification_missing</code>" in html


def test_it_shows_questions_that_nobody_answered(client: Client) -> None:
    asked = Json(data={"questions": [{"question": "Round up or down?"}]})
    html = shown(client, make_session(user("Fix it"), call("AskUserQuestion", asked, call_id="c1")))
    text = words(html.split('id="open-1"')[1].split("</section>")[0])
    assert text.index("question Round up or down?") < text.index("decision Resolve open question: Round up or down?")


def test_it_folds_what_is_long_and_counts_what_it_leaves_out(client: Client) -> None:
    html = shown(client, make_session(user("Go"), *(edit(f"/code/file{number}.py") for number in range(320))))
    assert "Show the other 288" in html
    assert "The downloads hold another 20." in html


class TestSelection:
    def test_it_keeps_the_order_given(self, client: Client) -> None:
        first, second = worked(title="About fees"), worked(title="About taxes")
        html = shown(client, second, first)
        assert "Handoff of 2 sessions" in html
        titles = re.findall(r'<h2 [^>]*>.*?<a href="[^"]+">([^<]+)</a>', html)
        assert titles == ["About taxes", "About fees"]
        assert html.count('id="next-') == 2

    def test_it_says_how_to_select(self, client: Client) -> None:
        html = client.get("/handoff").content.decode()
        assert "Tick sessions in the list" in html
        assert "<kbd>x</kbd>" in html

    def test_it_takes_no_more_than_it_can_read(self, client: Client) -> None:
        session = make_session()
        query = "&".join([f"session={session.pk}"] * 51)
        answer = client.get(f"/handoff?{query}")
        assert answer.status_code == 400
        assert "51 sessions are selected; at most 50" in answer.content.decode()

    def test_it_is_made_in_the_list_without_scripts(self, client: Client) -> None:
        session = make_session(title="Fix the login")
        html = client.get("/sessions").content.decode()
        assert '<form class="selection" id="selection" method="get" action="/handoff"' in html
        (box,) = re.findall(r"<input type=\"checkbox\"[^>]*>", html)
        assert f'name="session" value="{session.pk}" form="selection"' in box
        assert 'aria-label="Select for a handoff: Fix the login"' in box


class TestRights:
    def test_it_answers_unknown_and_forbidden_alike(self, client: Client, settings: Settings) -> None:
        hidden = make_session(origin="uploaded", owner=person("alice"))
        public = make_session(origin="uploaded", owner=person("bob"), visibility="public")
        settings.OPENSESSION_PROFILE = "server"
        for key in (hidden.pk, uuid4()):
            for url in (f"/session/{key}/handoff", f"/handoff?session={public.pk}&session={key}"):
                for form in ("", "&format=json" if "?" in url else "?format=json"):
                    assert client.get(url + form).status_code == 404
                assert client.post(url).status_code == 404
        assert client.get("/handoff?session=nonsense").status_code == 404
        assert client.get(f"/handoff?session={public.pk}").status_code == 200

    def test_it_saves_for_the_operator_only(self, client: Client, settings: Settings, folder: Path) -> None:
        repository(folder / "shop")
        session = worked(visibility="public", cwd=str(folder / "shop"))
        assert 'method="post"' in shown(client, session)
        settings.OPENSESSION_PROFILE = "server"
        assert 'method="post"' not in shown(client, session)
        assert client.post(address(session)).status_code == 404
        assert git(folder / "shop", "for-each-ref", "refs/opensession") == ""

    def test_it_wants_the_token_of_the_form(self, folder: Path) -> None:
        session = worked(cwd=str(repository(folder / "shop")))
        assert Client(enforce_csrf_checks=True).post(address(session)).status_code == 403


class TestHostileText:
    HOSTILE = ("</textarea><script>alert(1)</script>", "`<img src=x onerror=alert(1)>`", "[x](javascript:alert(1))")

    @pytest.mark.parametrize("text", HOSTILE)
    def test_it_shows_it_as_text_everywhere(self, client: Client, text: str, folder: Path) -> None:
        todo = Json(data={"todos": [{"content": text, "status": text}]})
        asked = Json(data={"questions": [{"question": text}]})
        task: dict[str, Any] = {"semantic.group_id": text}
        session = make_session(
            *(user(text), agent(text), shell(text, 1), edit(text, f"@@ -1 +1 @@\n+{text}"), call("TodoWrite", todo)),
            *(event(actions.TaskStart(title=text), **task), call("AskUserQuestion", asked)),
            **dict.fromkeys(("title", "repo", "cwd", "hail_id", "tool"), text),
        )
        for html in (shown(client, session), shown(client, session, session)):
            assert_harmless(html)
            assert html.count("</textarea>") == 1

    def test_it_obeys_no_terminal_codes(self, client: Client) -> None:
        html = shown(client, make_session(user("\x1b[31mred\x1b[0m \u202eevil"), shell("\x1b]0;title\x07ls", 1)))
        assert "⟨U+202E⟩evil" in html
        page, _, rest = html.partition("<textarea")
        assert "\x1b" not in page + rest.partition("</textarea>")[2]
        assert "\x1b" not in rest

    def test_a_name_of_a_file_cannot_end_the_header(self, client: Client) -> None:
        answer = client.get(address(worked(hail_id='x"\r\n/../y')) + "?format=json")
        assert answer["Content-Disposition"] == 'attachment; filename="handoff-x-..-y.json"'


class TestDownload:
    @pytest.mark.parametrize("form", ["json", "markdown"])
    def test_it_gives_what_the_command_prints(self, client: Client, form: str) -> None:
        first, second = worked(), worked(title="About taxes")
        for sessions in ((first,), (second, first)):
            printed = handoff(*(str(session.pk) for session in sessions), "--format", form)[0]
            answer = client.get(f"{address(*sessions)}{'?' if len(sessions) == 1 else '&'}format={form}")
            assert answer.content.decode() == printed
            assert "no-cache" in answer["Cache-Control"]

    def test_it_offers_them_on_the_page(self, client: Client) -> None:
        sessions = (worked(), worked())
        html = shown(client, *sessions)
        (link,) = links(html, "Download JSON")
        assert [each["objective"] for each in json.loads(client.get(link).content)] == ["Fix the rounding of fees"] * 2
        (link,) = links(html, "Download Markdown")
        assert client.get(link)["Content-Type"] == "text/markdown; charset=utf-8"

    def test_it_knows_no_other_formats(self, client: Client) -> None:
        shown(client, worked(), query="?format=xml", status=404)


class TestArtifact:
    def test_it_is_saved_where_the_session_worked(self, client: Client, folder: Path) -> None:
        root = repository(folder / "shop")
        (root / "src").mkdir()
        before = user_files(root)
        session = worked(cwd=str(root / "src"))
        assert "Save as artifact in shop</button>" in shown(client, session)
        answer = client.post(address(session), {"artifact_id": "fees"})
        assert (answer.status_code, answer["Location"]) == (302, address(session))
        assert f"Saved as {PREFIX}fees in {root}." in shown(client, session)
        assert "Saved as" not in shown(client, session)
        document = json.loads(git(root, "show", f"{PREFIX}fees:artifact.json"))
        assert [each["objective"] for each in document["payload"]] == ["Fix the rounding of fees"]
        assert user_files(root) == before
        check(root)

    def test_it_is_saved_where_the_server_runs_else(self, client: Client, folder: Path) -> None:
        git(folder, "init", "--quiet")
        first, second = worked(cwd="/nowhere/at/all"), worked(cwd="")
        assert "Save as artifact in elsewhere</button>" in shown(client, first, second)
        client.post(address(first, second))
        (ref,) = git(folder, "for-each-ref", "--format=%(refname)", "refs/opensession").split()
        assert len(json.loads(git(folder, "show", f"{ref}:artifact.json"))["payload"]) == 2

    def test_it_takes_secrets_out_and_says_so(self, client: Client, folder: Path) -> None:
        secret = "ghp_" + "a1B2" * 9
        root = repository(folder / "shop")
        session = make_session(user(f"Use {secret} to push"), cwd=str(root))
        client.post(address(session), {"artifact_id": "fees"})
        assert secret not in git(root, "show", f"{PREFIX}fees:artifact.json")
        assert re.search(r"Taken out before: \d+ ", shown(client, session))

    def test_it_says_what_is_wrong_with_an_id(self, client: Client, folder: Path) -> None:
        root = repository(folder / "shop")
        session = worked(cwd=str(root))
        answer = client.post(address(session), {"artifact_id": "<b>.lock"})
        html = answer.content.decode()
        assert answer.status_code == 422
        assert "Not saved: git allows no ref of the name" in html
        assert 'value="&lt;b&gt;.lock"' in html
        assert git(root, "for-each-ref", "refs/opensession") == ""

    def test_it_offers_nothing_where_there_is_no_repository(self, client: Client) -> None:
        assert 'method="post"' not in shown(client, worked())
        assert client.post(address(worked())).status_code == 404


class TestCost:
    def test_it_asks_as_much_for_a_long_session_as_for_a_short_one(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for length in (20, 5000):
            session = long_session(length)
            with django_assert_num_queries(9):
                shown(client, session)

    def test_it_asks_as_much_for_each_session_of_a_selection(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        sessions = [worked() for _ in range(5)]
        with django_assert_num_queries(1 + 2 * 8):
            shown(client, *sessions[:2])
        with django_assert_num_queries(1 + 5 * 8):
            shown(client, *sessions)


def test_it_tells_of_a_missing_body(client: Client) -> None:
    broken, whole = long_session(3000), worked()
    bodies.delete([Strand.objects.get(session=broken).body])
    html = shown(client, broken, whole)
    assert "fsck" in html
    assert "Fix the rounding of fees" in html
    assert "Download JSON" not in html
    shown(client, broken, query="?format=json", status=404)


def test_the_session_leads_to_it(client: Client) -> None:
    session = worked()
    html = client.get(f"/session/{session.pk}").content.decode()
    assert links(html, "Handoff") == [address(session)]

"""NUL may stand escaped wherever JSON has a text, and no text of PostgreSQL may hold it."""

from __future__ import annotations

from sessions.models import Session, Strand
from tests.ingest.world import World, ran, said, texts


def test_it_stores_nul_as_a_sign_that_every_database_takes(world: World) -> None:
    call = ran(3, "ls")
    call["message"]["content"][0]["name"] = "My\0Tool"
    world.write(
        said(0, "a\0b") | {"cwd": "/code/\0shop", "gitBranch": "ma\0in"},
        {"type": "summ\0ary", "le\0af": {"\0": 1}},
        call,
        {"type": "custom-title", "customTitle": "x\0y \\u0000", "sessionId": said(0)["sessionId"]},
    )
    world.index()
    session, strand = Session.objects.get(), Strand.objects.get()
    assert (session.title, session.cwd, session.branch) == ("x\ufffdy \\u0000", "/code/\ufffdshop", "ma\ufffdin")
    assert session.skipped == {"summ\ufffdary": 1}
    assert "summ\ufffdary" in strand.kinds
    assert texts(session)[0] == "a\0b"

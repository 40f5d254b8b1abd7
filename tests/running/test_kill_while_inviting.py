"""An answered invitation survives SIGKILL of everything and is mailed; what the mail server says is told."""

from __future__ import annotations

import html
import random
import socket
import sqlite3
import threading
import time
from contextlib import closing

import httpx

from tests.cast import PASSWORD
from tests.running.server import Postbox, Server, Visitor, eventually, mail_server

INVITERS = 4


def test_what_was_answered_201_is_listed_and_mailed_after_sigkill(make_server):
    postbox = Postbox()
    with mail_server(postbox) as port:
        server = make_server(smtp_url=f"smtp://127.0.0.1:{port}")
        auth = credentials(server.seed())
        answered: set[str] = set()
        for round_ in range(2):
            server.start()
            before = len(answered)
            invite_until_killed(server, auth, answered, f"round{round_}")
            assert len(answered) > before, "it was killed before a single invite was answered"
            let_leases_end(server)

        server.start()
        listed = pending(server, auth)
        by_address = {row["email"] for row in listed}
        assert answered <= by_address
        assert len(by_address) == len(listed), "an invite is there twice"
        # At least once, to everybody who is listed, and to nobody else: a mail belongs to a saved invite.
        eventually(lambda: by_address <= set(postbox.recipients), 60, "a saved invite was not mailed")
        eventually(lambda: all("Sent to" in row["delivery"] for row in pending(server, auth)), 60)
        assert {email for email in postbox.recipients if email.endswith("@people.example")} == by_address
        assert "Traceback" not in server.log
        server.stop()


def test_a_dead_mail_server_delays_and_a_refusal_is_told(make_server):
    postbox = Postbox({"nobody": "550 5.1.1 No such person here"})
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = reserved.getsockname()[1]
        server = make_server(smtp_url=f"smtp://127.0.0.1:{port}")
        auth = credentials(server.seed())
        server.start()
        assert invite(server, auth, "late@late.example").status_code == 201
        late = eventually(lambda: first(server, auth, "late@late.example", "no connection"))
        assert "fastpix keeps trying" in late["delivery"]

    with mail_server(postbox, port):
        assert invite(server, auth, "nobody@nowhere.example").status_code == 201
        eventually(lambda: first(server, auth, "nobody@nowhere.example", "refused"))
        with closing(Visitor(server)) as ada:
            ada.sign_in("ada@ada.example", PASSWORD)
            page = html.unescape(ada.get("/o/acme/members/invitations/").text)
        assert "The mail server refused: 550 5.1.1 No such person here." in page
        # The first pause is about ten seconds; nobody has to do anything.
        eventually(lambda: "late@late.example" in postbox.recipients, 30, "not sent after the mail server came back")
        eventually(lambda: first(server, auth, "late@late.example", "Sent to late@late.example."))
        assert "nobody@nowhere.example" not in postbox.recipients
        server.stop()


def credentials(cast) -> tuple[str, str]:
    token = cast.people["ada"].tokens["people"]
    return str(token.id), token.secret


def invite(server: Server, auth: tuple[str, str], *emails: str, client=httpx) -> httpx.Response:
    body = {"emails": list(emails), "role": "member"}
    return client.post(f"{server.loopback}/v1/iam/invitations", json=body, auth=auth, timeout=20)


def pending(server: Server, auth: tuple[str, str]) -> list[dict]:
    rows, page = [], 1
    while True:
        address = f"{server.loopback}/v1/iam/invitations?limit=50&offset={page}"
        answer = httpx.get(address, auth=auth, timeout=20).json()
        rows += [row for row in answer["data"] if not row["email"].startswith("pat@")]  # of the cast
        page += 1
        if page > answer["pagination"]["offsetCount"]:
            return rows


def first(server: Server, auth: tuple[str, str], email: str, word: str) -> dict | None:
    found = next(row for row in pending(server, auth) if row["email"] == email)
    return found if word in found["delivery"] else None


def invite_until_killed(server: Server, auth: tuple[str, str], answered: set[str], label: str) -> None:
    """Several people invite as fast as they can, until everything is killed at a moment nobody chose."""
    is_over = threading.Event()

    def keep_inviting(number: int) -> None:
        with httpx.Client() as client:
            for count in range(10_000):
                emails = [f"{label}-{number}-{count}-{each}@people.example" for each in range(random.randint(1, 3))]
                try:
                    answer = invite(server, auth, *emails, client=client)
                except httpx.TransportError:
                    return
                if answer.status_code != 201 or is_over.is_set():
                    return
                answered.update(r["email"] for r in answer.json()["data"] if r["status"] == "invited")

    threads = [threading.Thread(target=keep_inviting, args=(number,)) for number in range(INVITERS)]
    for thread in threads:
        thread.start()
    eventually(lambda: answered and any(label in email for email in answered), 20)
    time.sleep(random.uniform(0.05, 1.0))
    server.kill_everything()
    is_over.set()
    for thread in threads:
        thread.join(30)


def let_leases_end(server: Server) -> None:
    """As if the half minute had passed after which a dead worker's jobs are given to another."""
    with closing(sqlite3.connect(server.folder / "fastpix.db", timeout=10)) as database, database:
        database.execute("UPDATE jobs SET lease_until = '2020-01-01 00:00:00.000000' WHERE state = 'running'")

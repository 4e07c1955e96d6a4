"""E-mails in a folder."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from local_cloud.mailbox import Mailbox

SENT = datetime(2026, 2, 28, 3, 12, tzinfo=UTC)


def email(subject: str = "a subject", text: str = "text") -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = subject
    made["Date"] = SENT
    made.set_content(text)
    return made


def test_a_mail_is_read_as_it_was_written(tmp_path: Path) -> None:
    subject = f"ALARM: great{' and greater' * 20}"
    text = f"line\n\ngrößer, 莊子 {'long ' * 300}\n"
    path = Mailbox(tmp_path).put(email(subject, text))
    assert f"Subject: {subject}\r\n".encode() in path.read_bytes(), "a mail is read in its file too"
    (mail,) = Mailbox(tmp_path).mails()
    assert (mail.number, mail.subject, mail.text, mail.sent) == (1, subject, text, SENT)


def test_mails_are_numbered_in_the_order_of_sending_also_by_the_next_endpoint(tmp_path: Path) -> None:
    for subject in ("first", "second"):
        Mailbox(tmp_path).put(email(subject))
    assert [(mail.number, mail.subject) for mail in Mailbox(tmp_path).mails()] == [
        (1, "first"),
        (2, "second"),
    ]


def test_mails_that_are_sent_at_the_same_time_all_arrive(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    subjects = [f"number {number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda subject: mailbox.put(email(subject)), subjects))
    assert sorted(mail.subject for mail in mailbox.mails()) == sorted(subjects)


def test_a_mail_that_was_only_begun_is_none(tmp_path: Path) -> None:
    (tmp_path / ".000001.eml.partial").write_bytes(b"Subject: half a")
    assert Mailbox(tmp_path).mails() == []


def test_a_mailbox_without_mail_is_empty(tmp_path: Path) -> None:
    assert Mailbox(tmp_path / "none").mails() == []

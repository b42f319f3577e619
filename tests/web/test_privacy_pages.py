"""What a person is told of what is kept of him, and of what is kept no longer."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.web.fake_api import BUDI, DAY, EVIDENCE, IDS, FakeApi, check_in, connection, me, supervisor

Browser = Callable[..., TestClient]

ASKED = {"askedAt": f"{DAY}T00:00:00+00:00", "goneAt": None, "number": None, "erased": []}
DONE = {
    "askedAt": f"{DAY}T00:00:00+00:00",
    "goneAt": f"{DAY}T00:02:00+00:00",
    "number": "417",
    "erased": [{"kind": "TEMPLATES", "count": 3}, {"kind": "CHECK_IN_PHOTOGRAPHS", "count": 41}],
}


def test_the_account_shows_the_receipt(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me(erasures=[ASKED, DONE])}
    page = browser().get("/account").text
    assert "sedang dihapus, paling lama satu jam" in page
    assert "Tanda terima no. 417." in page
    assert "07.02 WIB" in page
    assert "3 ciri wajah" in page
    assert "41 foto presensi" in page


@pytest.mark.parametrize(
    ("reason", "says"),
    [("WITHDRAWN", "karena persetujuan ditarik"), ("RETENTION", "karena masa simpannya berakhir")],
)
def test_evidence_says_when_and_why_a_photograph_is_gone(
    browser: Browser, api: FakeApi, reason: str, says: str
) -> None:
    gone = {"at": f"{DAY}T00:02:00+00:00", "reason": reason}
    found = check_in(BUDI, evidence={**EVIDENCE, "frames": [], "template": None, "framesGone": gone})
    api.data = {"me": supervisor(), "checkIn": found, "checkIns": connection([])}
    page = browser().get(f"/check-ins/{IDS['check_in']}").text
    assert says in page
    assert "<img" not in page


def looked(kind: str, action: str, **more: object) -> dict[str, object]:
    return {
        "id": IDS["enrolment"], "at": f"{DAY}T00:24:00+00:00", "by": BUDI, "kind": kind, "enlarged": False,
        "action": action, "subjectRecord": IDS["check_in"], **more,
    }  # fmt: skip


def test_everybody_reads_who_looked_at_his_data(browser: Browser, api: FakeApi) -> None:
    found = [
        looked("PHOTOGRAPH", "photograph.look"),
        looked("REGISTERED_PHOTOGRAPH", "photograph.look", enlarged=True),
        looked("DECISION", "check_in.confirm"),
    ]
    api.data = {"me": me(), "looks": connection(found)}
    page = browser().get("/account/looks").text
    for says in (
        "Budi Santoso", "Kantor Kota Makassar", "07.24 WIB", "Melihat foto presensi",
        "Membuka foto pendaftaran dalam ukuran besar", "Mengesahkan presensi",
    ):  # fmt: skip
        assert says in page, says
    assert page.count(f"/check-ins/{IDS['check_in']}") == 2
    api.data = {"me": me(), "looks": connection([])}
    assert "Belum ada yang melihat data Anda" in browser().get("/account/looks").text

"""The text that a person agrees to before a face is processed. A new text is a new version."""

from api.biometrics.models import Purpose

VERSION = "1"

TEXTS: dict[Purpose, dict[str, str]] = {
    Purpose.FACE_RECOGNITION: {
        "id": (
            "Saya setuju instansi saya memproses foto wajah dan ciri wajah saya untuk satu tujuan: memastikan "
            "bahwa yang melakukan presensi adalah saya sendiri. Foto dan ciri wajah disimpan terenkripsi, hanya "
            "dilihat oleh pemeriksa yang berwenang, dan setiap kali dilihat akan dicatat. Saya dapat menarik "
            "persetujuan ini kapan saja; ciri wajah dan foto pendaftaran saya akan dihapus dan saya melakukan presensi "
            "melalui petugas. (UU 27/2022 tentang Pelindungan Data Pribadi)"
        ),
        "en": (
            "I agree that my agency processes photographs of my face and features computed from them for one "
            "purpose: to make sure that it is I who checks in. They are stored encrypted, seen only by authorised "
            "reviewers, and each look is logged. I may withdraw this consent at any time; my features and "
            "enrolment photographs are then deleted and I check in through the desk. (Law 27/2022 on Personal "
            "Data Protection)"
        ),
    }
}

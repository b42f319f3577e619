"""The text that a person agrees to before a face is processed. A new text is a new version.

There is one purpose: photographs are kept to show that a comparison was right, and for nothing that could be
agreed to by itself. Who agreed to an earlier text is asked again before the next photograph; what was made of the
face until then stays as it was agreed to.
"""

from api.biometrics.models import Purpose

VERSION = "2"

TEXTS: dict[Purpose, dict[str, str]] = {
    Purpose.FACE_RECOGNITION: {
        "id": (
            "Saya setuju instansi saya memproses foto wajah dan ciri wajah saya untuk satu tujuan: memastikan "
            "bahwa yang melakukan presensi adalah saya sendiri.\n"
            "Foto presensi disimpan selama masa yang ditetapkan instansi, 90 hari bila tidak ditetapkan lain; foto "
            "pendaftaran dan ciri wajah selama pendaftaran saya berlaku. Presensi yang belum diputuskan disimpan "
            "sampai diputuskan. Semuanya disimpan terenkripsi dan hanya dilihat oleh pemeriksa yang berwenang; "
            "nama pemeriksa dan waktunya tertera di gambar, dan setiap kali dilihat dicatat.\n"
            "Saya dapat melihat siapa yang melihat data saya, meminta perbaikan, dan menarik persetujuan ini kapan "
            "saja di halaman Akun. Ciri wajah dan foto saya, baik pendaftaran maupun presensi, kemudian dihapus "
            "dalam satu jam dengan tanda terima, dan saya melakukan presensi melalui petugas. Pertanyaan saya "
            "ajukan kepada bagian kepegawaian. (UU 27/2022 tentang Pelindungan Data Pribadi)"
        ),
        "en": (
            "I agree that my agency processes photographs of my face and features computed from them for one "
            "purpose: to make sure that it is I who checks in.\n"
            "Photographs of check-ins are kept for the time that the agency has set, 90 days unless it says "
            "otherwise; registered photographs and features for as long as my registration is in force. What is not "
            "decided yet is kept until it is. All are stored encrypted and seen only by authorised reviewers; the "
            "reviewer's name and the time are in the picture, and each look is logged.\n"
            "I can see who looked at my data, ask for corrections, and withdraw this consent at any time on the "
            "Account page. My features and photographs, registered and of check-ins, are then deleted within the "
            "hour, with a receipt, and I check in through the desk. Questions go to the personnel section. "
            "(Law 27/2022 on Personal Data Protection)"
        ),
    }
}

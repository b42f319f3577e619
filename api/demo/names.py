"""Invented employees: names that occur, numbers that could."""

from dataclasses import dataclass
from datetime import date
from random import Random

FEMALE = (
    "Siti", "Dewi", "Rina", "Ayu", "Wulan", "Nurul", "Fitri", "Lestari", "Maria", "Yohana", "Kadek", "Putu",
    "Andi Tenri", "Ratna", "Indah", "Sri", "Intan", "Mega", "Rahma", "Desi",
)  # fmt: skip
MALE = (
    "Budi", "Agus", "Ahmad", "Joko", "Rizky", "Fajar", "Dimas", "Hendra", "Yusuf", "Markus", "Wayan", "Nyoman",
    "Andi", "Bambang", "Eko", "Taufik", "Ilham", "Arif", "Samuel", "Dedi",
)  # fmt: skip
FAMILY = (
    "Santoso", "Wijaya", "Lestari", "Pratama", "Siregar", "Nasution", "Hidayat", "Saputra", "Rahman", "Wibowo",
    "Kusuma", "Permata", "Halim", "Latuconsina", "Wenda", "Rumbiak", "Suryani", "Mahendra", "Tandi", "Basri",
    "Firmansyah", "Gunawan", "Setiawan", "Ramadhan", "Puspita",
)  # fmt: skip
POSITIONS = (
    "Analis Kepegawaian", "Pranata Komputer", "Arsiparis", "Pengadministrasi Umum", "Analis Keuangan",
    "Penyuluh", "Perencana", "Pengelola Layanan", "Pranata Humas", "Auditor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    nip: str
    name: str
    position: str


def people(random: Random, count: int) -> list[Person]:
    """`count` people with distinct, well-formed numbers."""
    made: dict[str, Person] = {}
    while len(made) < count:
        female = random.random() < 0.5
        born = date(random.randint(1968, 2000), random.randint(1, 12), random.randint(1, 28))
        start = f"{random.randint(born.year + 22, 2025)}{random.choice(('03', '04', '12'))}"
        nip = f"{born:%Y%m%d}{start}{2 if female else 1}{random.randint(1, 30):03d}"
        name = f"{random.choice(FEMALE if female else MALE)} {random.choice(FAMILY)}"
        title = random.choice(("S.E.", "S.Kom.", "S.H.", "S.Sos.", "A.Md.", "M.Si.", ""))
        made[nip] = Person(nip, f"{name}, {title}" if title else name, random.choice(POSITIONS))
    return list(made.values())

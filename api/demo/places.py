"""Offices of the demonstration agency. The places exist; the agency does not."""

from dataclasses import dataclass

AGENCY_NAME = "Badan Layanan Nusantara"
AGENCY_SHORT = "BLN"


@dataclass(frozen=True, slots=True)
class Place:
    """`parent` is a code; degrees WGS 84; `people` is how many work there."""

    code: str
    parent: str | None
    name: str
    time_zone: str
    latitude: float
    longitude: float
    people: int


WIB, WITA, WIT = "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"

PLACES = (
    Place("00", None, "Kantor Pusat Jakarta", WIB, -6.17540, 106.82720, 40),
    Place("32", "00", "Kantor Wilayah Jawa Barat", WIB, -6.90250, 107.61880, 36),
    Place("3271", "32", "Kantor Kota Bogor", WIB, -6.59500, 106.79320, 22),
    Place("3273", "32", "Kantor Kota Bandung", WIB, -6.91470, 107.60980, 28),
    Place("61", "00", "Kantor Wilayah Kalimantan Barat", "Asia/Pontianak", -0.02630, 109.34250, 26),
    Place("51", "00", "Kantor Wilayah Bali", WITA, -8.66940, 115.22600, 30),
    Place("5171", "51", "Kantor Kota Denpasar", WITA, -8.65000, 115.21670, 20),
    Place("73", "00", "Kantor Wilayah Sulawesi Selatan", WITA, -5.13580, 119.41240, 34),
    Place("7371", "73", "Kantor Kota Makassar", WITA, -5.14770, 119.43270, 24),
    Place("81", "00", "Kantor Wilayah Maluku", WIT, -3.69540, 128.18140, 22),
    Place("91", "00", "Kantor Wilayah Papua", WIT, -2.53370, 140.71810, 26),
    Place("9171", "91", "Kantor Kota Jayapura", WIT, -2.54890, 140.70170, 16),
)

#: Where the demonstration's accounts belong.
HOME_UNIT = "3273"
PROVINCE = "32"
OFFICE_RADIUS_METRES = 120

"""One week of earthquakes: read, judged row by row, grouped, drawn, and stored exactly once.

`quakes`, at the end, is the flow; everything above it is what its steps do. `workflow.toml` wires
the same steps to the same result.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from picture import Mark, paint

from latticeflow import Db, Dedupe, Files, each, flow, granted, node

BANDS = ("below 1", "1 to 2", "2 to 3", "3 to 4", "4 to 5", "5 and more")
EARTH_RADIUS_KM = 6371.0
DEEPEST_KM = 800.0


@dataclass(frozen=True)
class Row:
    """A row of a catalogue as it came; what was not given is None."""

    id: str
    kind: str | None
    at_ms: int | None
    longitude: float | None
    latitude: float | None
    depth_km: float | None
    magnitude: float | None
    residual: float | None
    place: str | None


@dataclass(frozen=True)
class Quake:
    """An earthquake that was judged to be usable."""

    id: str
    at: datetime
    longitude: float
    latitude: float
    depth_km: float
    magnitude: float
    place: str


@dataclass(frozen=True)
class Rejected:
    """A row that was left out, and everything that speaks against it."""

    id: str
    reasons: list[str]


@dataclass(frozen=True)
class Judged:
    """Every row of a catalogue is in one of the two lists."""

    accepted: list[Quake]
    rejected: list[Rejected]


@dataclass(frozen=True)
class Day:
    """The earthquakes of one day (UTC)."""

    day: str
    quakes: list[Quake]


@dataclass(frozen=True)
class DayCount:
    """How many earthquakes a day had, in all and by band of magnitude."""

    day: str
    quakes: int
    bands: dict[str, int]


@dataclass(frozen=True)
class Cluster:
    """Earthquakes that hang together in space and time."""

    quakes: int
    magnitude: float
    place: str
    began: datetime
    ended: datetime


@dataclass(frozen=True)
class Kept:
    """A file that the run leaves."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Week:
    """What became of a catalogue."""

    headline: str
    accepted: int
    rejected: dict[str, int]
    days: dict[str, int]
    cluster: Cluster | None
    stored_rows: int
    report: Kept
    picture: Kept


@node
async def read_catalogue(catalogue: str, *, files: Files.Read = granted) -> list[Row]:
    """Read a catalogue in the GeoJSON of the US Geological Survey."""
    found = json.loads(await files.read_text(catalogue))
    rows = []
    for feature in found["features"]:
        said = feature["properties"]
        longitude, latitude, depth_km = feature["geometry"]["coordinates"]
        rows.append(
            Row(
                id=feature["id"],
                kind=said["type"],
                at_ms=said["time"],
                longitude=as_float(longitude),
                latitude=as_float(latitude),
                depth_km=as_float(depth_km),
                magnitude=as_float(said["mag"]),
                residual=as_float(said["rms"]),
                place=said["place"],
            )
        )
    return rows


def as_float(number: float | None) -> float | None:
    """Return a number that JSON may have written without a fraction."""
    return None if number is None else float(number)


@node
def judge(rows: list[Row]) -> Judged:
    """Keep the usable earthquakes, oldest first, and tell why each other row is none."""
    accepted: dict[str, Quake] = {}
    rejected = []
    for row in rows:
        reasons = faults(row)
        if row.id in accepted:
            reasons.append("is listed twice")
        match row:
            case Row(
                at_ms=int(at_ms),
                longitude=float(longitude),
                latitude=float(latitude),
                depth_km=float(depth_km),
                magnitude=float(magnitude),
            ) if not reasons:
                at = datetime.fromtimestamp(at_ms / 1000, UTC)
                place = row.place or "an unnamed place"
                accepted[row.id] = Quake(
                    row.id, at, longitude, latitude, depth_km, magnitude, place
                )
            case _:
                rejected.append(Rejected(row.id, reasons))
    return Judged(sorted(accepted.values(), key=lambda quake: (quake.at, quake.id)), rejected)


def faults(row: Row) -> list[str]:
    """Return everything that speaks against a row."""
    found = []
    if row.kind != "earthquake":
        found.append(f"is no earthquake but: {row.kind or 'unknown'}")
    if row.at_ms is None or row.at_ms <= 0:
        found.append("has no time")
    if row.magnitude is None or not -3 <= row.magnitude <= 10:
        found.append("has no believable magnitude")
    if row.longitude is None or row.latitude is None:
        found.append("has no place on the map")
    elif not (-180 <= row.longitude <= 180 and -90 <= row.latitude <= 90):
        found.append("lies beyond the map")
    if row.depth_km is None or not -10 <= row.depth_km <= DEEPEST_KM:
        found.append("has no believable depth")
    if row.residual is None:
        found.append("has no residual, so nobody knows how good its location is")
    return found


@node
def count_reasons(rejected: list[Rejected]) -> dict[str, int]:
    """Count how often each reason was given, the most frequent first."""
    counted = Counter(reason for row in rejected for reason in row.reasons)
    return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


@node
def write_csv(rejected: list[Rejected]) -> str:
    """Write the report on the rows left out."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(["id", "reasons"])
    lines.writerows([row.id, "; ".join(row.reasons)] for row in rejected)
    return text.getvalue()


@node
def split_by_day(quakes: list[Quake]) -> list[Day]:
    """Group earthquakes by their day (UTC), the first day first."""
    days: dict[str, list[Quake]] = {}
    for quake in quakes:
        days.setdefault(quake.at.date().isoformat(), []).append(quake)
    return [Day(day, days[day]) for day in sorted(days)]


@node
def count_bands(day: Day) -> DayCount:
    """Count the earthquakes of a day by band of magnitude."""
    counted = Counter(band_of(quake.magnitude) for quake in day.quakes)
    return DayCount(day.day, len(day.quakes), {band: counted[band] for band in BANDS})


@node
def count_days(days: list[Day]) -> list[DayCount]:
    """Count the earthquakes of each day: `count_bands` for where nothing loops over steps."""
    return [count_bands(day) for day in days]


def band_of(magnitude: float) -> str:
    """Return the name of the band that a magnitude falls into."""
    return BANDS[min(max(math.floor(magnitude), 0), len(BANDS) - 1)]


@node
def sum_days(days: list[DayCount]) -> dict[str, int]:
    """Return how many earthquakes each day had."""
    return {day.day: day.quakes for day in days}


@node
def find_cluster(
    quakes: list[Quake], within_km: int, within_days: int, from_magnitude: int
) -> list[Quake]:
    """Find the largest group in which each is near another, in space and in time.

    Single linkage: two earthquakes belong together if a chain of near ones leads from one to the
    other. The smallest ones are left out, as only dense networks of instruments hear them.
    """
    waiting = [quake for quake in quakes if quake.magnitude >= from_magnitude]
    apart = timedelta(days=within_days)
    groups: list[list[Quake]] = []
    while waiting:
        group = [waiting.pop(0)]
        for member in group:  # grows while it is read: that is the chain
            near = [
                other
                for other in waiting
                if abs(other.at - member.at) <= apart and distance_km(member, other) <= within_km
            ]
            group.extend(near)
            waiting = [other for other in waiting if other not in near]
        groups.append(group)
    return max(groups, key=len, default=[])


def distance_km(a: Quake, b: Quake) -> float:
    """Return the distance along the surface (haversine)."""
    south, north = math.radians(a.latitude), math.radians(b.latitude)
    across = math.radians(b.longitude - a.longitude)
    half = (
        math.sin((north - south) / 2) ** 2
        + math.cos(south) * math.cos(north) * math.sin(across / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, half)))


@node
def describe(members: list[Quake]) -> Cluster:
    """Say of a group how large, how strong, where and when it was."""
    strongest = max(members, key=lambda quake: quake.magnitude)
    return Cluster(
        quakes=len(members),
        magnitude=strongest.magnitude,
        place=strongest.place,
        began=min(quake.at for quake in members),
        ended=max(quake.at for quake in members),
    )


@node
def tell(cluster: Cluster) -> str:
    """Put a cluster into words."""
    hours = round((cluster.ended - cluster.began).total_seconds() / 3600)
    return (
        f"{cluster.quakes} earthquakes in {hours} hours, the largest of magnitude "
        f"{cluster.magnitude}, {cluster.place}"
    )


@node
def draw(quakes: list[Quake], members: list[Quake], days: list[DayCount], headline: str) -> str:
    """Draw a map of the week and its days, as SVG."""
    seen = {quake.id for quake in members}
    marks = [
        Mark(quake.longitude, quake.latitude, quake.magnitude, quake.id in seen) for quake in quakes
    ]
    columns = [(day.day, [day.bands[band] for band in BANDS]) for day in days]
    return paint(marks, columns, BANDS, headline)


@node(idempotency="path", sink="upsert")
async def keep_file(path: str, content: str, *, files: Files.Write = granted) -> Kept:
    """Write a file and keep it as an artifact of the run.

    Writing it again leaves the same file, so a run that dies in here needs nobody to look.
    """
    await files.write_text(path, content)
    artifact = await files.keep(path)
    return Kept(artifact.path, artifact.sha256)


@node(
    idempotency="catalogue, within_km, within_days, from_magnitude",
    idempotency_ttl="365d",
    timeout="30s",
)
async def store(
    catalogue: str,
    within_km: int,
    within_days: int,
    from_magnitude: int,
    days: list[DayCount],
    cluster: Cluster | None = None,
    *,
    db: Db.Write = granted,
    dedupe: Dedupe = granted,  # noqa: ARG001  (the engine keeps the key in it)
) -> int:
    """Store the counts and the search in one transaction; return the number of rows written.

    A catalogue's file is never changed once it is there, so its path and the settings are the key:
    a search that is stored is not stored again, whoever runs the flow again, and how.
    """
    await db.execute(
        "CREATE TABLE IF NOT EXISTS days"
        " (catalogue, day, band, quakes, PRIMARY KEY (catalogue, day, band))"
    )
    await db.execute(
        "CREATE TABLE IF NOT EXISTS searches"
        " (catalogue, within_km, within_days, from_magnitude, quakes, magnitude, place)"
    )
    counts = [
        (catalogue, day.day, band, quakes) for day in days for band, quakes in day.bands.items()
    ]
    asked = (catalogue, within_km, within_days, from_magnitude)
    answer: tuple[int, float | None, str | None] = (0, None, None)
    if cluster is not None:
        answer = (cluster.quakes, cluster.magnitude, cluster.place)
    async with db.transaction() as transaction:
        return await transaction.execute_many(
            "INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?)", counts
        ) + await transaction.execute(
            "INSERT INTO searches VALUES (?, ?, ?, ?, ?, ?, ?)", (*asked, *answer)
        )


@flow
async def quakes(
    catalogue: str = "data/earthquakes-2018-02-07.json",
    within_km: int = 100,
    within_days: int = 2,
    from_magnitude: int = 4,
) -> Week:
    """Judge a week of earthquakes, find its largest cluster, draw it and store the result."""
    rows = await read_catalogue(catalogue)
    judged = judge(rows)
    report = await keep_file("out/rejected.csv", write_csv(judged.rejected))

    days = [count_bands(day) for day in each(split_by_day(judged.accepted))]
    members = find_cluster(judged.accepted, within_km, within_days, from_magnitude)
    cluster: Cluster | None = None
    headline = "No two of them were near each other"
    if len(members) > 1:
        cluster = describe(members)
        headline = tell(cluster)
    picture = await keep_file("out/quakes.svg", draw(judged.accepted, members, days, headline))

    stored_rows = await store(catalogue, within_km, within_days, from_magnitude, days, cluster)
    return Week(
        headline=headline,
        accepted=len(judged.accepted),
        rejected=count_reasons(judged.rejected),
        days=sum_days(days),
        cluster=cluster,
        stored_rows=stored_rows,
        report=report,
        picture=picture,
    )

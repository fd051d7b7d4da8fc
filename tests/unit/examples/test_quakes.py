"""The steps of the example, each called directly; then the flow, with fakes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from latticeflow import run
from latticeflow.testing import MemoryDedupe, MemoryFiles, SqliteDb, grants

SVG = "{http://www.w3.org/2000/svg}"
NOON = datetime(2018, 2, 4, 12, tzinfo=UTC)


@pytest.fixture
def row(quakes):
    return quakes.Row(
        id="a",
        kind="earthquake",
        at_ms=1_517_745_600_000,
        longitude=121.7,
        latitude=24.1,
        depth_km=10.0,
        magnitude=4.5,
        residual=0.6,
        place="Hualien",
    )


@pytest.fixture
def quake(quakes):
    def make(name, *, hours=0.0, at=(121.7, 24.1), magnitude=4.5):
        when = NOON + timedelta(hours=hours)
        return quakes.Quake(name, when, *at, depth_km=10.0, magnitude=magnitude, place=name)

    return make


def feature(name="a", **said):
    given = {"type": "earthquake", "time": 1, "mag": 2, "rms": 0.5, "place": "here", **said}
    return {"id": name, "properties": given, "geometry": {"coordinates": [1, 2.5, 3]}}


async def catalogue(*features):
    files = MemoryFiles()
    await files.write_text("data/week.json", json.dumps({"features": features}))
    return files


async def test_a_catalogue_is_read_as_it_is(quakes):
    files = await catalogue(feature(), feature("b", rms=None, type="explosion"))
    first, second = await quakes.read_catalogue("data/week.json", files=files)
    assert first == quakes.Row("a", "earthquake", 1, 1.0, 2.5, 3.0, 2.0, 0.5, "here")
    assert type(first.magnitude) is float
    assert (second.kind, second.residual) == ("explosion", None)


def test_a_good_row_becomes_an_earthquake(quakes, row):
    judged = quakes.judge([row])
    assert judged.rejected == []
    assert judged.accepted == [quakes.Quake("a", NOON, 121.7, 24.1, 10.0, 4.5, "Hualien")]


@pytest.mark.parametrize(
    "fault, reason",
    [
        ({"kind": "quarry blast"}, "is no earthquake but: quarry blast"),
        ({"kind": None}, "is no earthquake but: unknown"),
        ({"at_ms": None}, "has no time"),
        ({"at_ms": 0}, "has no time"),
        ({"magnitude": None}, "has no believable magnitude"),
        ({"magnitude": 10.1}, "has no believable magnitude"),
        ({"magnitude": float("nan")}, "has no believable magnitude"),
        ({"longitude": None}, "has no place on the map"),
        ({"latitude": None}, "has no place on the map"),
        ({"longitude": 180.5}, "lies beyond the map"),
        ({"latitude": -90.5}, "lies beyond the map"),
        ({"depth_km": None}, "has no believable depth"),
        ({"depth_km": 801.0}, "has no believable depth"),
        ({"residual": None}, "has no residual, so nobody knows how good its location is"),
    ],
)
def test_a_fault_keeps_a_row_out(quakes, row, fault, reason):
    judged = quakes.judge([replace(row, **fault)])
    assert judged == quakes.Judged([], [quakes.Rejected("a", [reason])])


def test_all_faults_of_a_row_are_told(quakes, row):
    judged = quakes.judge([row, replace(row, magnitude=None, residual=None)])
    assert len(judged.accepted) == 1
    assert [len(each.reasons) for each in judged.rejected] == [3]
    assert "is listed twice" in judged.rejected[0].reasons


def test_earthquakes_come_oldest_first(quakes, row):
    later = replace(row, id="b", at_ms=row.at_ms + 1)
    assert [each.id for each in quakes.judge([later, row]).accepted] == ["a", "b"]


def test_reasons_are_counted_most_frequent_first(quakes):
    rejected = [quakes.Rejected("a", ["x", "y"]), quakes.Rejected("b", ["y"])]
    assert list(quakes.count_reasons(rejected).items()) == [("y", 2), ("x", 1)]
    assert quakes.write_csv(rejected) == "id,reasons\na,x; y\nb,y\n"


@pytest.mark.parametrize(
    "magnitude, band",
    [(-1.2, 0), (0.0, 0), (0.99, 0), (1.0, 1), (2.5, 2), (4.999, 4), (5.0, 5), (9.5, 5)],
)
def test_bands_of_magnitude(quakes, magnitude, band):
    assert quakes.band_of(magnitude) == quakes.BANDS[band]


def test_days_are_those_of_utc(quakes, quake):
    given = [quake("c", hours=12), quake("a"), quake("b", hours=11.99)]
    days = quakes.split_by_day(given)
    assert [(day.day, [each.id for each in day.quakes]) for day in days] == [
        ("2018-02-04", ["a", "b"]),
        ("2018-02-05", ["c"]),
    ]
    counts = quakes.count_days(days)
    assert counts == [quakes.count_bands(day) for day in days]
    assert counts[0].bands["4 to 5"] == counts[0].quakes == 2
    assert quakes.sum_days(counts) == {"2018-02-04": 2, "2018-02-05": 1}


def test_a_degree_of_the_equator_is_111_km(quakes, quake):
    assert quakes.distance_km(quake("a", at=(0, 0)), quake("b", at=(1, 0))) == pytest.approx(
        111.2, abs=0.1
    )
    across = quakes.distance_km(quake("a", at=(179.5, 0)), quake("b", at=(-179.5, 0)))
    assert across == pytest.approx(111.2, abs=0.1)


def test_a_cluster_is_a_chain(quakes, quake):
    chain = [quake(f"c{n}", at=(float(n) * 0.8, 0.0), hours=n * 40) for n in range(4)]
    apart = [quake("far", at=(90.0, 0.0)), quake("late", hours=500)]
    weak = quake("weak", magnitude=3.9, at=(1.0, 0.0))
    found = quakes.find_cluster([apart[0], *chain, weak, apart[1]], 100, 2, 4)
    assert [each.id for each in found] == ["c0", "c1", "c2", "c3"]
    # With any link of the chain cut, it falls apart.
    assert len(quakes.find_cluster(chain, 80, 2, 4)) == 1
    assert len(quakes.find_cluster(chain, 100, 1, 4)) == 1
    assert quakes.find_cluster([weak], 100, 2, 4) == []


def test_a_cluster_in_words(quakes, quake):
    cluster = quakes.describe([quake("b", hours=30, magnitude=6.0), quake("a")])
    assert (cluster.began, cluster.ended) == (NOON, NOON + timedelta(hours=30))
    assert quakes.tell(cluster) == ("2 earthquakes in 30 hours, the largest of magnitude 6.0, b")


def test_the_picture_shows_every_earthquake_and_no_text_breaks_it(quakes, quake):
    given = [quake("a"), quake("b", magnitude=-0.5), quake("c", at=(-180.0, 90.0))]
    days = quakes.count_days(quakes.split_by_day(given))
    picture = ET.fromstring(quakes.draw(given, given[:1], days, "<&> \"'"))
    circles = list(picture.iter(f"{SVG}circle"))
    assert len(circles) == 3
    assert circles[-1].get("fill") != circles[0].get("fill")  # the cluster is drawn last
    assert picture.findtext(f"{SVG}title") == "<&> \"'"
    assert all(float(each.get("r")) > 0 for each in circles)


def test_a_picture_of_nothing(quakes):
    assert ET.fromstring(quakes.draw([], [], [], "Nothing")).findall(f".//{SVG}circle") == []


async def test_what_is_stored_is_whole(quakes, quake):
    db = SqliteDb()
    given = [quake("a"), quake("b")]
    days = quakes.count_days(quakes.split_by_day(given))
    asked = ("week.json", 100, 2, 4)
    told = {"db": db, "dedupe": MemoryDedupe()}
    assert await quakes.store(*asked, days, quakes.describe(given), **told) == 7
    assert await quakes.store("week.json", 1, 2, 4, days, **told) == 7
    assert await db.query("SELECT sum(quakes) AS n FROM days") == [{"n": 2}]  # replaced
    assert await db.query("SELECT within_km, quakes, place FROM searches") == [
        {"within_km": 100, "quakes": 2, "place": "a"},
        {"within_km": 1, "quakes": 0, "place": None},
    ]


@pytest.mark.parametrize("magnitudes, headline", [((4, 5), "2 earthquakes"), ((4, 1), "No two")])
async def test_calling_the_flow_and_running_its_graph_give_the_same(quakes, magnitudes, headline):
    features = [feature(f"q{n}", mag=mag) for n, mag in enumerate(magnitudes)]
    results, kept = [], []
    for is_graph in (False, True):
        files = await catalogue(*features, feature("blast", type="explosion"))
        fakes = {"files": files, "db": SqliteDb(), "dedupe": MemoryDedupe()}
        if is_graph:
            results.append(await run(quakes.quakes, "data/week.json", grants=fakes))
        else:
            with grants(**fakes):
                results.append(await quakes.quakes("data/week.json"))
        kept.append(await files.read_text("out/quakes.svg"))
        assert await files.read_text("out/rejected.csv") == (
            "id,reasons\nblast,is no earthquake but: explosion\n"
        )
    assert results[0] == results[1]
    assert kept[0] == kept[1]
    assert results[0].headline.startswith(headline)
    assert (results[0].cluster is None) == headline.startswith("No")
    assert results[0].rejected == {"is no earthquake but: explosion": 1}

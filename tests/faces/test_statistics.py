"""The tables of statistics: nothing twice, nothing impossible."""

from __future__ import annotations

import pytest

from aunce_lib.faces import AFFWILD2, AUS, BP4D, DISFA, GFT, Statistics
from aunce_lib.facs import ACTION_UNITS, AU_SETS

TABLES = {"bp4d": BP4D, "disfa": DISFA, "gft": GFT, "affwild2": AFFWILD2}


@pytest.mark.parametrize("name", TABLES)
def test_every_label_of_the_corpus_has_a_rate_and_an_event_length_of_its_own(name):
    table = TABLES[name]
    assert set(AU_SETS[name]) <= dict(table.rates).keys()
    assert set(AU_SETS[name]) <= dict(table.events).keys()


@pytest.mark.parametrize("name", TABLES)
def test_nothing_is_listed_twice_and_all_numbers_are_possible(name):
    table = TABLES[name]
    for rows in (table.rates, table.events, table.spread):
        assert len(dict(rows)) == len(rows)
        assert dict(rows).keys() <= ACTION_UNITS.keys()
    pairs = [frozenset(row[:2]) for row in table.phi]
    assert len(set(pairs)) == len(pairs)
    assert all(0 < rate < 1 for _, rate in table.rates)
    assert all(1 <= frames < 1000 for _, frames in table.events)
    assert all(-1 < phi < 1 for *_, phi in table.phi)


def test_aus_that_a_table_leaves_out_get_the_defaults():
    table = Statistics(rates=((12, 0.5),), phi=(), events=((1, 9),))
    assert table.per_au("rates")[AUS.index(12)] == 0.5
    assert table.per_au("rates")[AUS.index(1)] == 0.02
    assert table.per_au("events")[AUS.index(1)] == 9
    assert table.per_au("events")[AUS.index(12)] == 25
    assert set(table.per_au("spread")) == {0.45}

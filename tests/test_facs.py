"""Every action unit that is reported on has a name, a muscle and a region."""

from __future__ import annotations

import pytest

from aunce_lib.facs import ACTION_UNITS, AU_SETS, column, describe

REGIONS = {"brow", "eyelids", "cheeks", "nose", "mouth", "chin", "jaw"}


def test_units_are_kept_under_their_number_in_order():
    assert [unit.number for unit in ACTION_UNITS.values()] == list(ACTION_UNITS)
    assert list(ACTION_UNITS) == sorted(ACTION_UNITS)


def test_every_unit_is_described_in_full():
    for unit in ACTION_UNITS.values():
        assert unit.name
        assert unit.muscle
        assert unit.region in REGIONS
    assert len({unit.name for unit in ACTION_UNITS.values()}) == len(ACTION_UNITS)


def test_sets_are_those_of_the_published_tables():
    assert AU_SETS["bp4d"] == AU_SETS["bp4dplus"] == (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24)
    assert AU_SETS["disfa"] == (1, 2, 4, 6, 9, 12, 25, 26)
    assert AU_SETS["gft"] == (1, 2, 4, 6, 10, 12, 14, 15, 23, 24)
    assert AU_SETS["affwild2"] == (1, 2, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26)
    assert len(AU_SETS) == 5


@pytest.mark.parametrize("corpus", AU_SETS)
def test_sets_name_known_units_once_and_in_order(corpus):
    assert set(AU_SETS[corpus]) <= ACTION_UNITS.keys()
    assert list(AU_SETS[corpus]) == sorted(set(AU_SETS[corpus]))


def test_a_column_is_named_by_its_number():
    assert column(6) == ACTION_UNITS[6].column == "AU6"


def test_a_description_is_one_line_and_an_unknown_unit_lists_the_known():
    assert describe(6) == "AU6 Cheek raiser (orbicularis oculi, pars orbitalis)"
    with pytest.raises(KeyError, match=r"no action unit 3; known are \[1, 2, 4"):
        describe(3)

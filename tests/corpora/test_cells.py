"""Tables in text files: cells as they were written, or an error that says where."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aunce_lib.corpora import CorpusError
from aunce_lib.corpora.cells import read_grid, read_lines, read_text


@pytest.fixture
def grid(tmp_path):
    """Reads bytes as a table."""

    def read(content: bytes | str, **options):
        path = tmp_path / "labels.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_grid(path, **options)

    return read


@given(
    st.lists(st.lists(st.sampled_from(["0", "1", "9", "-1", "", "12"]), min_size=3, max_size=3)),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)
def test_whatever_python_writes_is_read_back(tmp_path_factory, rows, delimiter, newline, mark):
    rows = [["7", *row] for row in rows] + [["8", "1", "1", "1"]]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, lineterminator=newline).writerows([list("abcd"), *rows])
    path = tmp_path_factory.mktemp("grid") / "t.csv"
    path.write_bytes((b"\xef\xbb\xbf" if mark else b"") + buffer.getvalue().encode())
    grid = read_grid(path)
    assert grid.header == ("a", "b", "c", "d")
    assert grid.cells.tolist() == rows
    assert grid.lines.tolist() == list(range(2, len(rows) + 2))


def test_labels_are_0_1_and_nan(grid):
    labels = grid("a,b\n0,1\n9,-1\n999,\n1.0,0.00\n+1,-0\n").labels(["a", "b"])
    expected = [[0, 1], [np.nan, np.nan], [np.nan, np.nan], [1, 0], [1, 0]]
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == np.float32


@pytest.mark.parametrize(
    "text", ["2", "0.5", "1e1", "nan", "inf", "yes", "0x1", "1_0", "١", "--1", "1 0"]
)
def test_what_is_no_label_is_refused_with_file_line_column_and_value(grid, text):
    with pytest.raises(CorpusError) as caught:
        grid(f"a,b\n0,1\n1,{text}\n").labels(["a", "b"])
    message = str(caught.value)
    assert "labels.csv, line 3, column 'b': expected 0, 1 or unknown (9, -1, 999, blank)" in message
    assert repr(text) in message


def test_where_no_code_for_unknown_is_known_a_blank_is_wrong(grid):
    with pytest.raises(CorpusError, match="expected 0 … 5, got ''"):
        grid("a,b\n1,\n2,3\n").numbers(["b"], 5, ())


@pytest.mark.parametrize("text", ["-1", "1.5", "", "1e3", "9999999999", "one", "١"])
def test_what_is_no_frame_number_is_refused(grid, text):
    with pytest.raises(CorpusError, match=r"line 2, column 'f': expected the number of a frame"):
        grid(f"f,a\n{text},0\n").frames("f")


def test_a_frame_on_two_lines_is_refused_with_both(grid):
    with pytest.raises(CorpusError, match=r"line 4: frame 7 is also on line 2"):
        grid("f,a\n7,0\n8,0\n007,1\n").frames("f")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "found none"),
        (b"a,b\n", "found none"),
        (b"\xff\xfea\x00,\x00", "line 1: expected UTF-8 text, found byte 0xff"),
        (b"a,b\n0,\x00\n", "line 2: expected text, found a NUL byte"),
        (b"a,b\n0,\xe9\n", "line 2: expected UTF-8 text, found byte 0xe9"),
        (b"a,a\n0,1\n", "column 'a' occurs twice"),
        (b"a,b\n0\n", r"line 2: expected 2 cells \(a, b\), found 1"),
        (b"a,b\n0,1,1\n", "line 2: expected 2 cells"),
        (b'a,b\n0,"1\n', "line 2: cannot be split into cells"),
        (b'a,b\n"0"1,1\n', "line 2: cannot be split into cells"),
        (b"a,b\n0,1\n1,", "line 3: the file ends within a line"),
        (b"a,b\n0,1.5\n1,2", "line 3: the file ends within a line, after '2'"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(grid, content, message):
    with pytest.raises(CorpusError, match=message):
        grid(content)


def test_blank_lines_are_fine_unless_lines_are_counted(grid):
    content = "a,b\n\n0,1\n \n1,1\n\n\n"
    assert grid(content).lines.tolist() == [3, 5]
    with pytest.raises(CorpusError, match="line 2: expected a row, found a blank line"):
        grid(content, blank_lines=False)
    assert len(grid("a,b\n0,1\n\n\n", blank_lines=False).cells) == 1


def test_a_stray_newline_in_a_quoted_header_is_not_part_of_its_name(grid):
    assert grid(b'0,1,"2\n"\n7,0,1\n').labels(["2"]).tolist() == [[1]]


def test_a_column_that_is_not_there_is_named_beside_those_that_are(grid):
    with pytest.raises(CorpusError, match=r"expected a column '24', the header has 0, 1, 2"):
        grid("0,1,2\n7,0,1\n").labels(["24"])


def test_a_folder_or_nothing_in_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="cannot be read .*a folder"):
        read_text(tmp_path)
    with pytest.raises(CorpusError, match="cannot be read .*No such file"):
        read_text(tmp_path / "none.csv")


def test_lines_end_where_editors_say_so_and_nowhere_else(tmp_path):
    path = tmp_path / "list.txt"
    path.write_bytes("a\u2028b\r\nc\x0bd\re\n\n".encode())
    assert read_lines(path) == ["a\u2028b", "c\x0bd", "e"]
    path.write_bytes(b"a\n\nb\n")
    with pytest.raises(CorpusError, match="line 2: expected a row, found a blank line"):
        read_lines(path)

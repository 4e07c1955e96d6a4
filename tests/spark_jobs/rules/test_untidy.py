"""No text that clean-up changes is passed over, wherever its bytes lie; and ordinary texts are passed over."""

import sys
from unicodedata import category

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_jobs.rules import untidy
from spark_jobs.rules.untidy import may_change
from tests.spark_jobs.rules.plainly import tidied

SIGNS = st.one_of(
    st.sampled_from(
        "ab  \t\n\x00\x1f\x7f\x80\x85\x9f\xa0\xa1é\u1680\u1681\u2000\u200a\u200b\u2019\u2028\u2029\u202f\u205f\u3000\u3001語👧"
    ),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.lists(st.text(SIGNS, max_size=12), max_size=12)


@given(texts=TEXTS, before=st.lists(st.text(SIGNS, max_size=3), max_size=2), block=st.integers(1, 24))
def test_what_clean_up_changes_is_found(texts: list[str], before: list[str], block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(untidy, "_BLOCK", block)
        found = may_change(pa.array([*before, *texts], pa.string()).slice(len(before)), ("None", "é"))
    changes = [tidied(text) != text or text in ("None", "é") for text in texts]
    assert [
        text
        for text, is_found, is_changed in zip(texts, found, changes, strict=True)
        if is_changed and not is_found
    ] == []


@pytest.mark.slow
def test_each_sign_of_unicode_is_looked_at_if_clean_up_changes_it() -> None:
    signs = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    texts = [f"a{sign}b" for sign in signs]
    found = may_change(pa.array(texts, pa.string()), ())
    changed = [category(sign) == "Cc" or (category(sign)[0] == "Z" and sign != " ") for sign in signs]
    assert found.tolist() == changed


@pytest.mark.parametrize("block", range(1, 6))
@pytest.mark.parametrize("text", [" a", "a ", "a  b", "\ta", "b\x7f", "bb\u3000", "\xa0b", "  ", "\u2029"])
def test_a_text_is_looked_at_wherever_its_bytes_lie(
    text: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untidy, "_BLOCK", block)
    found = may_change(pa.array(["c", "", text, "", "c"], pa.string()), ())
    assert found.tolist() == [False, False, True, False, False]


def test_ordinary_texts_are_passed_over() -> None:
    ordinary = ["", "a", "Straße", "“so” — he said …", "日本語、本", "नमस्ते दुनिया", "👩‍👩‍👧", "a b c"]
    assert not may_change(pa.array(ordinary * 3, pa.string()), ("None of these",)).any()


def test_a_text_as_long_as_a_spelling_of_null_is_looked_at() -> None:
    assert may_change(pa.array(["None", "good", "None "], pa.string()), ("None",)).tolist() == [
        True,
        True,
        True,
    ]


def test_no_texts_are_no_texts() -> None:
    assert may_change(pa.array([], pa.string()), ("None",)).tolist() == []
    assert may_change(pa.array(["", None, ""], pa.string()), ("None",)).tolist() == [False, False, False]

"""HTML in, one line of plain text out."""

from html import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture.text import plain_text


@pytest.mark.parametrize(
    ("html", "plain"),
    [
        ("", ""),
        ("A plain text.", "A plain text."),
        ("<b>Stolen</b> memories", "Stolen memories"),
        ("One.<br /><br />Two.<br>Three.", "One. Two. Three."),
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("un<i>believ</i>able", "unbelievable"),
        ("Simon &amp; Schuster", "Simon & Schuster"),
        ("Children&#39;s &eacute;dition &#x2014; new", "Children's édition — new"),
        ("Tom &amp;amp; Jerry&amp;#39;s", "Tom & Jerry's"),
        ("&lt;b&gt;Stolen&lt;/b&gt;&lt;br /&gt;memories", "Stolen memories"),
        ("  two\n\n lines\t and\u00a0 no-break\u2003spaces ", "two lines and no-break spaces"),
        ("I <3 this & more", "I <3 this & more"),
        ("5 < 6 > 4", "5 < 6 > 4"),
        ("not closed <b", "not closed <b"),
        ('<a href="https://x.org/?a=1&amp;b=2" title="a > b">link</a>', "link"),
        ("before <script>not closed", "before not closed"),
        ("before <!-- hidden --> after", "before after"),
        ("naïve 😀 日本語", "naïve 😀 日本語"),
        ("one</p>two</div>three", "one two three"),
        ("<td>one<td>two", "one two"),
        ("<table>one<tr>two</table>", "one two"),
        ("<title>one</title> <textarea>two<b> three", "one two three"),
        ("<html><head>one</head></html>two", "onetwo"),
        ("\ufeff<b>a byte order mark</b>", "\ufeffa byte order mark"),
        ("half a character \ud83d<br>", "half a character ?"),
        ("no character \0<br>", "no character \ufffd"),
    ],
)
def test_what_a_reader_sees_is_kept_and_markup_is_not(html: str, plain: str) -> None:
    assert plain_text(html) == plain


@pytest.mark.parametrize(
    ("html", "plain"),
    [
        ("<b>whole</b> but not <i", "whole but not <i"),
        ('not closed <a href="x', 'not closed <a href="x'),
        ('<a href="http://x>link</a> and <b>all</b> that follows', "link and all that follows"),
        ("one <!-- a <b>great</b> book", "one <!-- a great book"),
        ("<![1", "<![1"),
        ("<!", "<!"),
        ("</", "</"),
        ("ends with <", "ends with <"),
        ("<?", "<?"),
        ("<![CDATA[ never closed", "<![CDATA[ never closed"),
    ],
)
def test_markup_that_never_ends_hides_nothing_of_what_follows(html: str, plain: str) -> None:
    assert plain_text(html) == plain


_MILLION = 1_000_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("<b>", ""),
        ("<b>x</i>", "x"),
        ("<b 1='2'><p>", ""),
        ("</b>", ""),
        ("<!", "<!"),
        ("<", "<"),
        ("<!--", "<!--"),
        ("<a b='", "<a b='"),
        ("<![CDATA[", "<![CDATA["),
        ("&", "&"),
        ("&amp;amp;amp;", "&"),
        ("&lt;b&gt;", ""),
        ("<script>", ""),
    ],
)
def test_a_million_characters_of_markup_are_read_like_a_few(part: str, shown: str) -> None:
    times = _MILLION // len(part)
    assert plain_text(part * times) == shown * times


_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<&")).map(
    lambda text: " ".join(text.split())
)


@pytest.mark.slow
@given(_WORDS)
def test_a_text_without_markup_stays_as_it_is(text: str) -> None:
    assert plain_text(text) == text


@given(_WORDS, st.integers(min_value=1, max_value=3))
def test_a_text_survives_being_escaped_up_to_three_times(text: str, times: int) -> None:
    html = text
    for _ in range(times):
        html = escape(html)
    assert plain_text(html) == text


@given(st.text(alphabet=st.sampled_from("<>&;!-/ab# \n\"'=1?[]")) | st.text())
@example("<![1")
def test_any_text_becomes_one_line_and_never_an_error(html: str) -> None:
    plain = plain_text(html)
    assert plain == " ".join(plain.split())


@given(st.lists(_WORDS.filter(bool), min_size=1))
def test_no_word_between_tags_is_lost(words: list[str]) -> None:
    assert plain_text("".join(f"<p><b>{escape(word)}</b>" for word in words)) == " ".join(words)

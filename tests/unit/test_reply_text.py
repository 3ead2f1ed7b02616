"""What the reply box holds becomes a text message that reads well on a phone."""

import time

import pytest

from twilio_sms_channel.content.text import clean, from_html, pictures

QUILL_LISTS = (
	'<ol><li data-list="ordered">One</li><li data-list="bullet" class="ql-indent-1">a</li>'
	'<li data-list="bullet" class="ql-indent-1">b</li><li data-list="ordered">Two</li>'
	'<li data-list="ordered" class="ql-indent-1">c</li><li data-list="ordered" class="ql-indent-1">d</li></ol>'
)
TIPTAP_LISTS = (
	"<ul><li><p>One</p><ol><li><p>a</p></li><li><p>b</p><ul><li><p>deep</p></li></ul></li></ol></li>"
	"<li><p>Two</p><p>more of two</p></li></ul>"
)
TASKS = (
	'<ul data-type="taskList"><li data-checked="true"><label><input type="checkbox"><span></span></label>'
	'<div><p>Done</p></div></li><li data-checked="false"><label><input type="checkbox"></label><div><p>To do</p></div></li></ul>'
)
QUILL_MENTION = (
	'<p>Ask <span class="mention" data-id="ann" data-value="Ann" data-denotation-char="@"><span>'
	'<span class="ql-mention-denotation-char">@</span>Ann</span></span> please</p>'
)
TIPTAP_MENTION = '<p>Ask <span data-type="mention" data-id="ann" data-label="Ann">Ann</span> please</p>'
GMAIL = (
	'<div dir="ltr">Yes</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Mon, Nov 21, 2026 at '
	'9:00 AM Ann &lt;<a href="mailto:a@example.com">a@example.com</a>&gt; wrote:<br></div>'
	'<blockquote class="gmail_quote"><div>Old words</div></blockquote></div>'
)
OUTLOOK = (
	'<div>Yes</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Ann<br><b>Sent:</b> Monday'
	"</div><div>Old words</div>"
)


@pytest.mark.parametrize(
	("html", "text"),
	[
		(QUILL_LISTS, "1. One\n  - a\n  - b\n2. Two\n  1. c\n  2. d"),
		(TIPTAP_LISTS, "- One\n  1. a\n  2. b\n    - deep\n- Two\n  more of two"),
		(TASKS, "[x] Done\n[ ] To do"),
		('<ol start="4"><li>d</li><li>e</li></ol>', "4. d\n5. e"),
		("<ul><li>a<ul><li>b</li></ul></li></ul><p>After</p>", "- a\n  - b\nAfter"),
	],
	ids=["quill", "tiptap", "tasks", "start", "nested"],
)
def test_lists_keep_marks_numbers_and_depth(html, text):
	assert from_html(html) == text


@pytest.mark.parametrize(
	("html", "text"),
	[
		("<p>One<br>Two<br/></p><p>Three</p>", "One\nTwo\nThree"),
		("<p>One</p><p><br></p><p>Two</p>", "One\n\nTwo"),
		("<p>One</p><p></p><p>Two</p>", "One\n\nTwo"),
		("<p>One</p><p></p><p></p><p></p><p>Two</p>", "One\n\nTwo"),
		("<p>One</p>\n  <p>Two</p>\n", "One\nTwo"),
		("<p>a  b\n c&nbsp;&nbsp;d</p>", "a b c d"),
		("<p><strong>Bold</strong> <em>soft</em><u>er</u></p>", "Bold softer"),
		("<p>10<sup>6</sup> m<sup>2</sup>, x<sup>-1</sup>, 1<sup>st</sup>, H<sub>2</sub>O</p>", "10^6 m^2, x^-1, 1st, H2O"),
		("<h2>Title</h2><p>Words</p><hr><p>End</p>", "Title\nWords\nEnd"),
		("<pre><code>if x:\n    go()</code></pre><p>Run <code>x</code></p>", "if x:\n    go()\nRun x"),
		("<table><tbody><tr><th>Size</th><th>Price</th></tr><tr><td><p>S</p></td><td>5 €</td></tr></tbody></table>", "Size | Price\nS | 5 €"),
		("<p>5 &lt; 6 &amp;&amp; 7 &gt; 2 &euro; &#128075; &hellip;</p>", "5 < 6 && 7 > 2 € 👋 …"),
		("<p>👨‍👩‍👧 ❤️ 👍🏽</p>", "👨‍👩‍👧 ❤️ 👍🏽"),
		('<p>Fine <img class="emoji" alt="😀" src="https://mail.example.com/e/1.png"></p>', "Fine 😀"),
		("<p>a<!-- no -->b<style>p{}</style><script>x()</script></p>", "ab"),
	],
)  # fmt: skip
def test_lines_entities_and_emoji(html, text):
	assert from_html(html) == text


@pytest.mark.parametrize(
	("html", "text"),
	[
		('<a href="https://example.com/">example.com</a>', "https://example.com/"),
		(
			'<a href="https://example.com/a?b=1&amp;c=2">our page</a>',
			"our page (https://example.com/a?b=1&c=2)",
		),
		('<a href="mailto:a@example.com">a@example.com</a>', "a@example.com"),
		('<a href="tel:+14155550132">Call us</a>', "Call us (+14155550132)"),
		('<a href="javascript:alert(1)">x</a>', "x"),
		('<a href="/private/files/x.pdf">x.pdf</a>', "x.pdf"),
		(QUILL_MENTION, "Ask @Ann please"),
		(TIPTAP_MENTION, "Ask @Ann please"),
		('<p><img src="https://example.com/p.png" alt="A plan"></p>', "https://example.com/p.png"),
		('<p>Hi<img src="/files/p.png"></p>', "Hi"),
		('<p>Hi<img src="data:image/png;base64,AAAA"></p>', "Hi"),
		('<p>Hi<img src="cid:1"></p>', "Hi"),
	],
)
def test_links_mentions_and_pictures(html, text):
	assert from_html(html) == text


@pytest.mark.parametrize(
	("html", "text"),
	[
		(
			"<blockquote><p>You said</p><p>this</p></blockquote><p>I disagree</p>",
			"> You said\n> this\nI disagree",
		),
		("<blockquote>a<blockquote>b</blockquote></blockquote><p>c</p>", "> a\n> > b\nc"),
		("<p>Yes</p><blockquote><p>You wrote</p></blockquote>", "Yes"),
		("<p>Yes</p><p>On Mon, 3 Nov 2026, Ann wrote:</p><blockquote>Old</blockquote><p></p>", "Yes"),
		("<p>Ja</p><p>Am 3. November 2026 schrieb Ann:</p><blockquote>Alt</blockquote>", "Ja"),
		("<p>On it</p><blockquote>Old</blockquote>", "On it"),
		(GMAIL, "Yes"),
		(OUTLOOK, "Yes"),
		("<p>Bye</p><div data-signature='1'>-- <br>Grace</div>", "Bye"),
		("<p>Bye</p><p>-- </p><p>Grace Hopper<br>Example Shop</p>", "Bye"),
		("<p>Bye</p><p>--</p><p>Still here</p>", "Bye\n--\nStill here"),
		("<p>Yes</p><blockquote>Old</blockquote><p class='signature'>Grace</p>", "Yes"),
	],
)
def test_history_and_signature_stay_behind_own_quotes_are_marked(html, text):
	assert from_html(html) == text


@pytest.mark.parametrize(
	("text", "cleaned"),
	[
		("a\r\nb\rc", "a\nb\nc"),
		("a\x00b\x07c\x1b[31m\x7f\x85", "abc[31m"),
		("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
		("a\u200db \u200c", "ab"),
		("👨‍👩‍👧", "👨‍👩‍👧"),
		("می\u200cخواهم", "می\u200cخواهم"),
		("\u202egnp.exe\u202c", "gnp.exe"),
		("\u200fשלום (abc)\u200f", "\u200fשלום (abc)\u200f"),
		("a\tb", "a b"),
		("a\u2028b", "a\nb"),
		("\ud83dx", "x"),
		("  x \n ", "x"),
		(None, ""),
	],
)
def test_what_cannot_be_seen_is_not_sent(text, cleaned):
	assert clean(text) == cleaned
	assert from_html(text or "") == cleaned


def test_pasted_pictures_are_found_in_order_and_once():
	html = (
		'<p>See <img src="/private/files/a b.png?fid=1"> <img src="/files/b.png"><img src="/files/b.png">'
		'<img src="DATA:image/gif;base64,AA=="><img src="https://example.com/c.png"></p>'
		'<blockquote><img src="/files/old.png">their picture</blockquote>'
	)
	assert pictures(html) == ["/private/files/a b.png?fid=1", "/files/b.png", "DATA:image/gif;base64,AA=="]


@pytest.mark.parametrize(
	"html", ["<div>" * 5000 + "x", "<blockquote>" * 400 + "x", "<p>&#0;x</p>", "<", "&", "<a", "x<!--"]
)
def test_odd_html_breaks_nothing(html):
	begin = time.monotonic()
	assert isinstance(from_html(html), str)
	assert time.monotonic() - begin < 3


@pytest.mark.parametrize(
	("piece", "end"),
	[
		("<ol>" + "<li>x</li>" * 5, "</ol>"),
		('<li data-list="ordered" class="ql-indent-1">x</li>', ""),
		("<blockquote>a</blockquote>", "x"),
		("<p>On x wrote:</p><blockquote>a</blockquote>", ""),
		('<div class="gmail_quote">a</div>b', ""),
		("<blockquote>", "x"),
		("<pre><b>", "x"),
		("<", ""),
		("<a x='", ""),
		("<!--", ""),
		("<![", ""),
		("é" + "\u200d" * 50, "é"),
	],
	ids=lambda part: part[:16],
)
def test_four_times_as_long_takes_not_much_more_than_four_times_as_long(piece, end):
	def takes(times: int) -> float:
		began = time.process_time()
		from_html("<p>" + piece * times + end)
		return time.process_time() - began

	takes(10)
	# What else the machine does can only add to it. What takes no time worth mentioning is left out: clocks are not
	# that exact.
	assert any(takes(4000) < max(0.5, 8 * takes(1000)) for _again in range(3))


def test_numbers_and_quotes_are_as_before():
	numbered = '<ol start="3"><li>a</li><li>b<ol><li>c</li></ol></li><li>d</li></ol>'
	assert from_html(numbered) == "3. a\n4. b\n  1. c\n5. d"
	assert from_html("<pre>a  b<ul><li>c  d</li></ul></pre>") == "a  b\n- c  d"
	quotes = "<p>Yes</p><p>Ann wrote:</p><blockquote>1</blockquote><blockquote>2</blockquote>"
	assert from_html(quotes) == "Yes\nAnn wrote:"
	assert from_html(f"{quotes}<p>No</p>") == "Yes\nAnn wrote:\n> 1\n> 2\nNo"
	assert from_html("<p>a <![ b</p>").startswith("a")


@pytest.mark.parametrize(
	("html", "text"),
	[
		("<p>Hello</p>", "Hello"),
		("<p>One</p><p>Two</p>", "One\nTwo"),
		("<p>One<br>Two</p>", "One\nTwo"),
		("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
		("<ol><li><p>a</p></li><li><p>b</p></li></ol>", "1. a\n2. b"),
		('<p>See <a href="https://example.com/x">here</a></p>', "See here (https://example.com/x)"),
		('<a href="https://example.com">https://example.com</a>', "https://example.com"),
		('<a href="javascript:alert(1)">x</a>', "x"),
		("<p>Yes</p><blockquote><p>You wrote</p></blockquote>", "Yes"),
		("<blockquote>Quoted</blockquote><p>Answer</p>", "> Quoted\nAnswer"),
		("<p>Hi</p><script>alert(1)</script><style>p{}</style>", "Hi"),
		("<p>5 &lt; 6 &amp; 7&nbsp;kg</p>", "5 < 6 & 7 kg"),
		("<p>👋 ünï</p>", "👋 ünï"),
		("plain\ntext", "plain\ntext"),
		("<p></p>", ""),
		("<p>Bye</p><p class='signature'>-- <br>Grace</p>", "Bye"),
	],
)
def test_the_reply_boxs_html_becomes_readable_text(html, text):
	from twilio_sms_channel.content.text import from_html

	assert from_html(html) == text


def test_a_text_is_escaped_and_keeps_its_lines():
	from twilio_sms_channel.content.text import to_html

	assert to_html("<b>1</b>\r\n2\n\n3 & 'x'") == "&lt;b&gt;1&lt;/b&gt;<br>2<br><br>3 &amp; &#x27;x&#x27;"

"""Names the standard library once had, with the Python that took them away ("What's New", section "Removed").

They tell code that was written for an older Python from code that is wrong: the first ran before and runs there still.
"""

from __future__ import annotations

MODULES: dict[str, tuple[int, int]] = {
    "aifc": (3, 13), "asynchat": (3, 12), "asyncore": (3, 12), "audioop": (3, 13), "binhex": (3, 11), "cgi": (3, 13),
    "cgitb": (3, 13), "chunk": (3, 13), "crypt": (3, 13), "distutils": (3, 12), "dummy_threading": (3, 9),
    "formatter": (3, 10), "imghdr": (3, 13), "imp": (3, 12), "lib2to3": (3, 13), "macpath": (3, 8),
    "mailcap": (3, 13), "msilib": (3, 13), "nis": (3, 13), "nntplib": (3, 13), "ossaudiodev": (3, 13),
    "parser": (3, 10), "pipes": (3, 13), "smtpd": (3, 12), "sndhdr": (3, 13), "spwd": (3, 13), "sunau": (3, 13),
    "symbol": (3, 10), "telnetlib": (3, 13), "uu": (3, 13), "xdrlib": (3, 13),
}  # fmt: skip

_ABSTRACT = (
    "AsyncGenerator", "AsyncIterable", "AsyncIterator", "Awaitable", "ByteString", "Callable", "Collection",
    "Container", "Coroutine", "Generator", "Hashable", "ItemsView", "Iterable", "Iterator", "KeysView", "Mapping",
    "MappingView", "MutableMapping", "MutableSequence", "MutableSet", "Reversible", "Sequence", "Set", "Sized",
    "ValuesView",
)  # fmt: skip
MEMBERS: dict[str, tuple[int, int]] = {
    **{f"collections.{name}": (3, 10) for name in _ABSTRACT},
    "asyncio.async": (3, 7), "asyncio.compat": (3, 7), "asyncio.coroutine": (3, 11), "base64.decodestring": (3, 9),
    "base64.encodestring": (3, 9), "binascii.a2b_hqx": (3, 11), "binascii.b2a_hqx": (3, 11), "cgi.escape": (3, 8),
    "cgi.parse_qs": (3, 8), "cgi.parse_qsl": (3, 8), "configparser.SafeConfigParser": (3, 12),
    "fractions.gcd": (3, 9), "html.parser.HTMLParseError": (3, 5), "importlib.find_loader": (3, 12),
    "inspect.formatargspec": (3, 11), "inspect.getargspec": (3, 11), "inspect.getmoduleinfo": (3, 6),
    "itertools.ifilter": (3, 0), "itertools.imap": (3, 0), "itertools.izip": (3, 0), "locale.format": (3, 12),
    "os.errno": (3, 7), "os.getcwdu": (3, 0), "pkgutil.ImpImporter": (3, 12), "platform.dist": (3, 8),
    "platform.linux_distribution": (3, 8), "platform.popen": (3, 8), "re.template": (3, 13),
    "smtpd.MailmanProxy": (3, 11), "sqlite3.OptimizedUnicode": (3, 12), "ssl.match_hostname": (3, 12),
    "ssl.wrap_socket": (3, 12), "string.join": (3, 0), "string.letters": (3, 0), "string.lowercase": (3, 0),
    "string.maketrans": (3, 0), "string.uppercase": (3, 0), "sys.callstats": (3, 7), "sys.exc_clear": (3, 0),
    "sys.getcheckinterval": (3, 9), "sys.maxint": (3, 0), "sys.set_coroutine_wrapper": (3, 8),
    "sys.setcheckinterval": (3, 9), "tarfile.filemode": (3, 8), "time.clock": (3, 8), "types.ClassType": (3, 0),
    "types.StringType": (3, 0), "types.StringTypes": (3, 0), "typing.GenericMeta": (3, 7), "typing.io": (3, 13),
    "typing.re": (3, 13), "unittest._TextTestResult": (3, 12), "unittest.findTestCases": (3, 13),
    "unittest.makeSuite": (3, 13), "urllib.quote": (3, 0), "urllib.quote_plus": (3, 0), "urllib.unquote": (3, 0),
    "urllib.urlencode": (3, 0), "urllib.urlopen": (3, 0), "xml.etree.cElementTree": (3, 9),
}  # fmt: skip


def removed_in(dotted: str) -> tuple[int, int] | None:
    """Return the Python version that removed a module or a module's member; None if none did, as far as is known."""
    return MEMBERS.get(dotted) or MODULES.get(dotted.split(".", maxsplit=1)[0])

"""What is known of calls that cannot be read: the shipped table.

A name is looked up by its longest known prefix, at dots: `datetime.datetime.now` is found before
`datetime`. A project's configuration extends the table with modules it knows to be pure.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cache

from latticeflow.checks.bodies.model import Kind

PURE = None
"""The table's entry for what touches nothing."""

Entry = Kind | None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PURE_MODULES = """
abc annotationlib array asyncio attr attrs base64 binascii bisect blake3 calendar cattrs cbor2
charset_normalizer cmath codecs collections colorsys configparser contextlib contextvars copy
copyreg csv ctypes cython datetime dateutil decimal deepdiff difflib email encodings enum
exceptiongroup fnmatch fractions functools gettext graphlib gzip hashlib heapq hmac html idna
importlib.metadata inspect io ipaddress itertools jinja2 json jsonschema jmespath keyword
latticeflow logging lxml lzma bz2 markdown markupsafe marshal math mimetypes more_itertools msgpack
msgspec networkx numbers numpy operator orjson packaging pandas parse pickle pkgutil polars pprint
pyarrow pydantic pydantic_core pyparsing pytz quopri re regex reprlib rfc8785 rich scipy shapely
shlex simplejson sklearn sortedcontainers sqlglot statistics string stringprep struct structlog
sympy tabulate textwrap time token tokenize toml tomli tomlkit tomllib toolz tqdm traceback types
typing typing_extensions tzdata ujson unicodedata unittest.mock urllib.parse uuid warnings
weakref xml xmltodict yaml zipfile zlib zoneinfo
"""

_AMBIENT: Mapping[Kind, str] = {
    Kind.CLOCK: """
        time.time time.time_ns time.monotonic time.monotonic_ns time.perf_counter
        time.perf_counter_ns time.process_time time.process_time_ns time.thread_time
        time.localtime time.gmtime time.ctime time.asctime time.strftime time.clock_gettime
        datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today
        datetime.date.today timeit pandas.Timestamp.now pandas.Timestamp.today
        pandas.Timestamp.utcnow email.utils.localtime email.utils.formatdate sched
        arrow.now arrow.utcnow pendulum.now pendulum.today
    """,
    Kind.RANDOM: """
        random secrets uuid.uuid1 uuid.uuid4 uuid.uuid6 uuid.uuid7 uuid.uuid8 os.urandom
        os.getrandom numpy.random email.utils.make_msgid tempfile.mktemp faker
    """,
    Kind.ENVIRONMENT: """
        os.environ os.environb os.getenv os.getenvb os.putenv os.getcwd os.getcwdb os.getpid
        os.getppid os.getlogin os.getuid os.geteuid os.getgid os.uname os.cpu_count
        os.getloadavg os.get_terminal_size os.path.expanduser os.path.expandvars os.path.abspath
        os.path.realpath sys.argv sys.flags sys.path sys.executable sys.platform
        sys.getrefcount sys.modules platform getpass socket.gethostname socket.getfqdn
        uuid.getnode time.tzname time.timezone time.tzset time.mktime locale pwd grp resource
        sysconfig site psutil pathlib.Path.cwd pathlib.Path.home pathlib.Path.resolve
        pathlib.Path.absolute pathlib.Path.expanduser importlib.resources dotenv gc
    """,
    Kind.FILES: """
        builtins.open io.open io.open_code io.FileIO codecs.open os.open os.read os.write
        os.close os.fdopen os.remove os.unlink os.rename os.renames os.replace os.mkdir
        os.makedirs os.rmdir os.removedirs os.listdir os.scandir os.walk os.fwalk os.stat
        os.lstat os.fstat os.chmod os.chown os.link os.symlink os.readlink os.truncate os.utime
        os.access os.chdir os.sync os.fsync os.mkfifo os.path.exists os.path.lexists
        os.path.isfile os.path.isdir os.path.islink os.path.ismount os.path.getsize
        os.path.getmtime os.path.getatime os.path.getctime os.path.samefile shutil tempfile glob
        fileinput mmap linecache filecmp sqlite3 apsw dbm shelve zipfile.ZipFile tarfile
        gzip.open bz2.open lzma.open pickle.Unpickler.load aiofiles anyio.open_file anyio.Path
        duckdb xml.etree.ElementTree.parse numpy.load numpy.save numpy.savez
        numpy.savez_compressed numpy.savetxt numpy.loadtxt numpy.genfromtxt numpy.fromfile
        numpy.memmap pandas.read_csv pandas.read_table pandas.read_excel pandas.read_json
        pandas.read_parquet pandas.read_feather pandas.read_pickle pandas.read_sql
        pandas.read_sql_query pandas.read_sql_table pandas.read_html pandas.read_xml
        pandas.read_hdf pandas.read_orc polars.read_csv polars.read_parquet polars.read_json
        polars.read_ndjson polars.read_excel polars.read_database polars.scan_csv
        polars.scan_parquet polars.scan_ndjson obstore boto3 botocore
        pathlib.Path.open pathlib.Path.read_text pathlib.Path.read_bytes
        pathlib.Path.write_text pathlib.Path.write_bytes pathlib.Path.unlink pathlib.Path.mkdir
        pathlib.Path.rmdir pathlib.Path.touch pathlib.Path.rename pathlib.Path.replace
        pathlib.Path.iterdir pathlib.Path.glob pathlib.Path.rglob pathlib.Path.walk
        pathlib.Path.exists pathlib.Path.is_file pathlib.Path.is_dir pathlib.Path.is_symlink
        pathlib.Path.stat pathlib.Path.lstat pathlib.Path.chmod pathlib.Path.symlink_to
        pathlib.Path.hardlink_to pathlib.Path.readlink pathlib.Path.samefile
        pathlib.Path.owner pathlib.Path.group
    """,
    Kind.NETWORK: """
        socket ssl urllib.request urllib3 http http.client http.server requests httpx httpx2
        aiohttp ftplib smtplib aiosmtplib poplib imaplib telnetlib xmlrpc websockets websocket
        paramiko grpc zmq pika kafka aiokafka redis pymongo motor psycopg psycopg2 psycopg_pool
        asyncpg aiomysql pymysql MySQLdb sqlalchemy peewee tortoise django.db elasticsearch
        openai anthropic google.cloud azure stripe slack_sdk twilio sendgrid asyncssh dns
        asyncio.open_connection asyncio.open_unix_connection asyncio.start_server
        asyncio.start_unix_server anyio.connect_tcp temporalio socketserver selectors select
    """,
    Kind.PROCESS: """
        subprocess multiprocessing threading concurrent.futures signal pty os.system os.popen
        os.fork os.forkpty os.kill os.killpg os.wait os.waitpid os.abort os._exit os.nice
        os.execl os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe
        os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe
        os.posix_spawn os.posix_spawnp os.startfile os.setuid os.setgid os.umask
        asyncio.create_subprocess_exec asyncio.create_subprocess_shell anyio.run_process
        anyio.open_process sys.exit builtins.exit builtins.quit sh plumbum invoke fabric docker
        faulthandler atexit
    """,
    Kind.CONSOLE: """
        builtins.print builtins.input builtins.breakpoint sys.stdout sys.stderr sys.stdin
        sys.__stdout__ sys.__stderr__ sys.__stdin__ pdb curses readline getpass.getpass
        rich.print pprint.pprint pprint.pp traceback.print_exc
    """,
    Kind.IDENTITY: "builtins.id builtins.hash os.getpid threading.get_ident",
    Kind.UNKNOWN: """
        builtins.eval builtins.exec builtins.compile builtins.__import__
        importlib.import_module ctypes.CDLL ctypes.cdll
    """,
    Kind.MUTATION: "random.seed numpy.random.seed locale.setlocale sys.setrecursionlimit "
    "decimal.setcontext os.environ.update logging.basicConfig warnings.simplefilter",
}

_PURE_NAMES = """
    random.Random random.Random.random random.Random.randint secrets.compare_digest
    os.path os.fspath os.fsencode os.fsdecode os.sep os.linesep os.pathsep os.curdir os.PathLike
    os.strerror os.SEEK_SET os.SEEK_CUR os.SEEK_END
    pathlib socket.inet_aton socket.inet_ntoa http.HTTPStatus http.HTTPMethod
    numpy.random.Generator numpy.random.RandomState threading.Lock threading.RLock
    threading.local multiprocessing.cpu_count sys.maxsize sys.version_info sys.exc_info
    sys.float_info sys.byteorder sys.intern sys.getsizeof urllib3.util urllib.error
    requests.exceptions httpx.HTTPError sqlite3.Error redis.exceptions subprocess.CalledProcessError
    subprocess.TimeoutExpired concurrent.futures.TimeoutError signal.Signals logging
"""

SEEDABLE = frozenset(
    {
        "random.Random",
        "numpy.random.default_rng",
        "numpy.random.RandomState",
        "numpy.random.Generator",
        "numpy.random.PCG64",
        "numpy.random.SeedSequence",
    }
)
"""Sources of randomness that a seed makes repeatable: with an argument they are pure."""

PURE_BUILTINS = _words(
    """
    abs aiter all anext any ascii bin bool bytearray bytes callable chr classmethod complex
    dict dir divmod enumerate filter float format frozenset getattr hasattr hex int
    isinstance issubclass iter len list locals map max memoryview min next object oct ord
    pow property range repr reversed round set slice sorted staticmethod str sum super tuple
    type vars zip NotImplemented Ellipsis
    """
)

PATH_METHODS = _words(
    """
    read_text read_bytes write_text write_bytes iterdir rglob is_file is_dir symlink_to
    hardlink_to unlink rmdir
    """
)
"""Names so much a path's own that they are read as such whatever they are called on."""

WRITERS = _words(
    """
    to_csv to_excel to_feather to_file to_hdf to_json to_parquet to_pickle to_sql to_stata to_xml
    savefig write_csv write_excel write_ipc write_ndjson write_parquet write_database sink_parquet
    """
)
"""Methods of tables and pictures that write a file when they are told where."""

MUTATORS = _words(
    """
    add append appendleft clear discard extend extendleft insert intersection_update pop
    popitem popleft remove reverse rotate setdefault sort subtract
    symmetric_difference_update update difference_update __setitem__ __delitem__ move_to_end
    """
)
"""Methods that change the builtin containers in place."""

_ALIASES = {"posixpath": "os.path", "ntpath": "os.path", "posix": "os", "nt": "os"}


class KnownCalls:
    """The table: what is known by name. Immutable; `extended` gives a new one."""

    __slots__ = ("_entries", "_identities")

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = dict(entries)
        self._identities: dict[int, str] | None = None

    def extended(self, pure: Iterable[str]) -> KnownCalls:
        """Return a table in which the modules or names `pure` touch nothing."""
        return KnownCalls({**self._entries, **dict.fromkeys(pure, PURE)})

    def find(self, name: str) -> tuple[bool, Entry]:
        """Look a dotted name up by its longest known prefix.

        Returns:
            Whether anything is known, and what.
        """
        probe = normal(name)
        while probe:
            if probe in self._entries:
                return True, self._entries[probe]
            probe = probe.rpartition(".")[0]
        return False, PURE

    def name_of(self, thing: object) -> str | None:
        """Return the table's name for a live object, however it was imported or renamed."""
        if self._identities is None:
            self._identities = self._index()
        return self._identities.get(id(thing))

    def _index(self) -> dict[int, str]:
        # Only what is imported already: reading a body imports nothing.
        found: dict[int, str] = {}
        for name in self._entries:
            module, _, rest = name.rpartition(".")
            thing = sys.modules.get(module)
            if thing is None or not rest:
                continue
            member = vars(thing).get(rest)
            if callable(member) or hasattr(member, "__dict__"):
                found[id(member)] = name
        for module in ("random", "secrets"):
            loaded = sys.modules.get(module)
            for key, member in vars(loaded).items() if loaded else ():
                if callable(member) and not key.startswith("_"):
                    found.setdefault(id(member), f"{module}.{key}")
        return found


@cache
def shipped() -> KnownCalls:
    """Return the table this product ships."""
    entries: dict[str, Entry] = dict.fromkeys(_PURE_MODULES.split(), PURE)
    for kind, names in _AMBIENT.items():
        entries.update(dict.fromkeys(names.split(), kind))
    entries.update(dict.fromkeys(_PURE_NAMES.split(), PURE))
    entries.update(dict.fromkeys((f"builtins.{name}" for name in PURE_BUILTINS), PURE))
    return KnownCalls(entries)


def normal(name: str) -> str:
    """Return a dotted name as the table spells it: without the modules that only implement."""
    head, *rest = name.split(".")
    if head.startswith("_") and not head.startswith("__"):
        head = head.lstrip("_")
    parts = [head, *(p for p in rest[:-1] if not p.startswith("_")), *rest[-1:]]
    parts[0] = _ALIASES.get(parts[0], parts[0])
    return ".".join(parts)

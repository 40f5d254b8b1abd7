"""The architecture, held by a test: what may import what, who may look across organizations, and how long things get.

The table is `docs/`' architecture in Python; an exception stands in it by name, with its reason.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "fastpix"

# Leaves know nothing of the web, of resources and of who may what.
LEAVES = [
    "errors",
    "settings",
    "logs",
    "tokens",
    "links",
    "seal",
    "passwords",
    "limits",
    "counts",
    "rates",
    "once",
    "names",
    "words",
    "paging",
]
ACCESS = ["access.table", "access.principal", "access.action", "access.tenancy"]
RULES = [
    "domain",
    "findings",
    "acceptance",
    "announce",
    "asked",
    "authority",
    "broadcasts",
    "change",
    "checklist",
    "clips",
    "contents",
    "counting",
    "create",
    "deliveries",
    "events",
    "invitations",
    "keys",
    "lifecycle",
    "lock",
    "not_offered",
    "notices",
    "offboarding",
    "playback",
    "playback_ids",
    "preview",
    "processing",
    "recovery",
    "rules",
    "search",
    "segments",
    "simulcasts",
    "sources_of",
    "standing",
    "targets",
    "tracks",
    "uploads",
    "viewers",
]
DOORS = ["views", "api", "*_views", "*_api"]

# Pattern of a module -> patterns of what it may import of fastpix. The first pattern that fits counts.
MAY_IMPORT: dict[str, list[str]] = {
    "errors": [],
    "settings": ["errors", "setting_kinds", "setting_sources"],
    "setting_sources": ["errors"],
    "logs": [],
    "tokens": [],
    "links": [],
    "seal": [],
    "passwords": ["errors"],
    "db": [],
    "names": ["errors"],
    "words": ["db"],
    "paging": [],
    "counts": ["db"],
    "limits": ["counts", "errors"],
    "rates": ["limits", "errors"],
    "once": ["db", "errors"],
    "setting_kinds": [],
    "addresses": ["errors"],
    "patient_socket": [],
    "fetch": ["errors", "addresses", "patient_socket"],
    "posting": ["errors", "addresses", "patient_socket"],
    "video*": ["errors", "video*"],
    "storage*": ["errors", "storage*"],
    "access.identity": [*ACCESS, "db", "errors", "accounts.sessions", "resources.*"],  # who somebody is: asks the owners
    "access*": ["access*", "db", "errors"],
    "instance_lock": ["errors"],
    "doctor": ["keeping.backup", "jobs.models", "mail*", "storage*", "video.tools", "web.health", "setting_kinds", "settings", "seal", "db", "errors"],
    "keeping.commands": ["*"],
    "keeping.upgrade": ["keeping*", "accounts.operator", "web.health", "storage*", "settings", "db", "errors", "fastpix"],
    "keeping*": ["keeping*", "instance_lock", "storage*", "settings", "db", "errors", "fastpix"],
    "jobs*": ["jobs*", "db", "errors", "access.tenancy"],
    "mail*": ["mail*", "jobs.queue", "db", *LEAVES],
    "web.shell": ["web*", "access*", "db", *LEAVES, "fastpix"],  # the identity of the page's visitor
    "web*": ["web*", *ACCESS, "db", *LEAVES, "fastpix", "storage.instance"],
    "resources": ["resources*", "mail.outbox"],  # the one list of what there is
    # The worker's side of media: the only room where storage, ffmpeg and the network meet.
    **{
        f"resources.media.{name}": [
            "own.*", "resources.workspaces.domain", *ACCESS, "db", "errors", "fetch", "jobs.queue", "jobs.models", "storage*", "video*",
            "resources.live_streams.models",
        ]
        for name in ("jobs", "extras", "sources", "housekeeping", "processing")
    },
    **{
        f"resources.audit.{name}": ["own.*", "resources.organizations.models", *ACCESS, "db", *LEAVES]
        for name in ("chain", "domain", "recording", "retention", "search", "verify")
    },
    "resources.media.recordings": [
        "own.*", "resources.live_streams.segments", "db", "errors", "jobs.queue", "storage*", "video*",
    ],
    "resources.media.shapes": ["web.api", "links", "access.principal"],
    "resources.media.schemas": ["web.api", "errors", "own.asked"],
    "resources.live_streams.forms": ["web.forms", "own.domain", "resources.media.forms"],
    "resources.live_streams.presentation": ["own.*", "resources.media.presentation", "resources.media.search", "links"],
    "resources.live_streams.part_views": ["own.*", "resources.media.forms", "web*", "errors"],
    "resources.live_streams.shapes": ["web.api", "resources.media.shapes"],
    "resources.live_streams.schemas": [
        "web.api", "errors", "own.domain", "own.simulcasts", "resources.media.asked", "resources.media.schemas",
    ],
    "resources.audit.presentation": ["own.search", "access.table"],
    # What happened, as the API shows it to those who may only look: the wire shape without a request.
    "resources.*.announce": ["own.search", "own.shapes", "own.models", "resources.webhooks.events", "access.principal"],
    "resources.webhooks.targets": ["addresses", "posting", "errors"],
    "resources.webhooks.jobs": [
        "own.*", "posting", "seal", "access.action", "db", "resources.audit.domain", "resources.members.notices",
    ],
    "resources.webhooks.forms": ["web.forms", "own.events"],
    "resources.*.models": ["db", "access.tenancy", "access.table"],
    "resources.*.schemas": ["web.api"],
    "resources.*.forms": ["web.forms", "access.table", "own.domain"],
    **{
        f"resources.*.{door}": [
            "own.*", *[f"resources.*.{rule}" for rule in RULES], "web*", "access.principal", "access.table", "mail.outbox", "links", "errors",
        ]
        for door in DOORS
    },
    "resources.*": [
        "own.models", *[f"resources.*.{rule}" for rule in RULES], "resources.*.models", *ACCESS, "db", *LEAVES,
        "storage*", "jobs.queue", "mail.outbox",
    ],
    "accounts.registry": ["accounts*"],
    "accounts.confirm_views": ["accounts*", "access.principal", "web*", "db", *LEAVES],
    "accounts.*views": ["accounts*", "access.identity", "resources.*.domain", "resources.members.acceptance", "web*", "mail.outbox", *LEAVES],
    "accounts*": [
        "accounts*", *ACCESS, "db", *LEAVES, *[f"resources.*.{rule}" for rule in RULES], "web.forms", "mail.outbox",
        "resources.people.models",
    ],
    "intake*": ["intake*", "resources.media.asked", "resources.media.uploads", "resources.media.sources_of", "resources.media.models", "web*", "db", "storage*", "errors"],
    "delivery*": [
        "delivery*", "resources.*.domain", "resources.media.playback", "resources.media.models", "web*",
        "resources.live_streams.playback", "resources.live_streams.viewers", "resources.usage.counting", "access*", "storage*",
        "video.stills", "video.facts", "settings", "seal", "links", "db", "errors",
    ],
    "live*": [
        "live*", *[f"resources.live_streams.{rule}" for rule in ("lifecycle", "recovery", "simulcasts", "models")],
        "video.live", "video.child", "storage*", "addresses", "settings", "setting_kinds", "db", "errors",
    ],
    "app": ["*"],
    "cli": ["*"],
    "proof*": ["*"],  # comes to the doors of a whole application, with a cast made by its verbs
    "operating": ["*"],
    "system.views": ["system.domain", "resources.media.presentation", "web*"],
    "system*": [
        "access.principal", "access.action", "doctor", "instance_lock", "jobs*", "measures", "resources.media.domain", "settings",
        "logs", "errors", "fastpix",
    ],
    "measures": [
        "resources", "resources.media.housekeeping", "resources.media.uploads", "resources.live_streams.housekeeping", "jobs.queue",
        "jobs.models",
        "mail.outbox", "storage.instance", "web.metrics",
    ],
    "demo": [
        "access.table", "access.principal", "accounts.joining", "accounts.operator", "resources", "resources.*", "jobs.worker",
        "supervisor", "video.tools", "demo_history", "db", "errors",
    ],
    "demo_history": ["access.tenancy", "resources.*.models", "resources.usage.counting", "db"],
    "upkeep": ["operating", "doctor", "demo", "accounts.operator", "web.health", "settings", "app", "resources.media.housekeeping", "resources.audit.verify", "resources.organizations.domain"],
    "supervisor": ["*"],
    "gunicorn_config": ["*"],
    "fastpix": [],
}  # fmt: skip

# What the table forbids and the house does all the same, with the reason.
EXCEPTIONS: dict[tuple[str, str], str] = {}

# Frameworks stay where the web is.
WEB_ONLY = {"flask", "flask_login", "flask_wtf", "wtforms", "werkzeug", "jinja2", "flask_principal"}
MAY_USE_FLASK = [
    "web*",
    "access.identity",
    "keeping.upgrade",
    "resources.*.forms",
    *[f"resources.*.{d}" for d in DOORS],
    "accounts.*views",
    "delivery*",
    "intake.views",
    "system.views",
    "app",
    "cli",
    "operating",
    "proof*",
]
USES_FLASK = {
    "access.principal": ({"flask_principal"}, "the permissions are flask-principal's"),
    "demo": ({"flask"}, "it does the worker's jobs in the application's context"),
    "accounts.door": ({"flask", "werkzeug"}, "the cookies of the browser"),
    "accounts.forms": ({"wtforms"}, "the forms at the door"),
    "accounts.sessions": ({"flask_login"}, "the signed-in person is what flask-login carries"),
    "jobs.worker": ({"flask"}, "a job runs in the application's context"),
    "live.clerk": ({"flask"}, "ingest asks the database in the application's context"),
    "live.ingest": ({"flask"}, "ingest asks the database in the application's context"),
    "mail.letters": ({"jinja2"}, "letters are templates"),
}

# Who may look across organizations. Everything else is refused by the filter.
ACROSS = {
    "access.tenancy": "defines it",
    "resources.access_tokens.authority": "a token is proved before its organization is known; last use is noted after",
    "resources.access_review.reminders": "the worker reminds the admins of all organizations, each in its own scope",
    "resources.audit.retention": "the worker looks after the audit logs of all organizations",
    "resources.live_streams.housekeeping": "the worker looks after the broadcasts of all organizations",
    "resources.live_streams.lifecycle": "an encoder is known by its stream key alone; an ingest serves all organizations",
    "resources.live_streams.playback": "a viewer belongs to no organization; the playback id says what is meant",
    "resources.live_streams.recovery": "an ingest, and the worker, look after the streams of all organizations",
    "resources.live_streams.viewers": "viewers belong to no organization; they are noted and counted for all streams at once",
    "resources.media.housekeeping": "the worker looks after the bytes of all organizations",
    "resources.media.playback": "a viewer belongs to no organization; the playback id says what is meant",
    "resources.media.sources_of": "who fetches an original is known by the signed address alone",
    "resources.media.uploads": "who sends a file is known by the signed address alone; expiry is housekeeping",
    "resources.members.standing": "who somebody is comes before any scope; last seen is noted after",
    "resources.members.acceptance": "an invite is found by its secret, before anybody is a member",
    "resources.webhooks.events": "the worker forgets the old deliveries of all organizations",
    "demo_history": "what delivery would have counted is written as it writes it",
    "resources.usage.counting": "what was delivered is written down for all media and streams at once",
    "resources.usage.summary": "the worker adds up the usage of all organizations",
    "resources.organizations.domain": "founding one, and addresses, which are unique in the instance",
}
EVERY_WORKSPACE = {
    "access.tenancy": "defines it",
    "resources.workspaces.domain": "names and slugs are unique in the organization; the last workspace stays",
}

LONG_FUNCTIONS: dict[tuple[str, str], str] = {}
LONGEST_FILE, LONGEST_FUNCTION = 300, 40


def name_of(path: Path) -> str:
    """A module's name without the package: `resources.members.domain`; `fastpix` for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) or "fastpix"


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
every_module = pytest.mark.parametrize("module", list(MODULES))


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def imports(module: str) -> Iterator[str]:
    """Full names of all that a module imports, anywhere in it."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide where things come from"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = whole.removeprefix("fastpix.") in MODULES and whole.startswith("fastpix.")
                yield whole if is_module else str(node.module)


def of_fastpix(module: str) -> set[str]:
    return {name.removeprefix("fastpix.") for name in imports(module) if name.partition(".")[0] == "fastpix"}


def allowed(module: str) -> list[str]:
    own = ".".join(module.split(".")[:2])
    fits = next((patterns for pattern, patterns in MAY_IMPORT.items() if fnmatch(module, pattern)), None)
    assert fits is not None, f"{module} has no row in MAY_IMPORT: where does it belong?"
    return [pattern.replace("own.", f"{own}.") for pattern in fits]


@every_module
def test_a_module_imports_only_what_its_layer_may(module):
    patterns = allowed(module)
    wrong = {
        name
        for name in of_fastpix(module)
        if not any(fnmatch(name, pattern) for pattern in patterns) and (module, name) not in EXCEPTIONS
    }
    assert not wrong, f"{module} imports {sorted(wrong)}"


@every_module
def test_frameworks_of_the_web_stay_in_the_web(module):
    used = {name.partition(".")[0] for name in imports(module)} & WEB_ONLY
    if any(fnmatch(module, pattern) for pattern in MAY_USE_FLASK):
        return
    assert used <= USES_FLASK.get(module, (set(), ""))[0]


def test_the_exceptions_are_needed():
    assert {(m, n) for m, n in EXCEPTIONS if n in of_fastpix(m)} == set(EXCEPTIONS)
    assert set(USES_FLASK) <= set(MODULES)


def test_a_forbidden_import_is_seen(monkeypatch):
    """The test of the test: a view that imports the database, a model of another resource."""
    for module, foreign in (
        ("resources.members.views", "db"),
        ("resources.members.models", "resources.people.models"),
        ("web.forms", "resources.members.domain"),
    ):
        assert not any(fnmatch(foreign, pattern) for pattern in allowed(module))


def _calls(module: str, name: str) -> bool:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == name:
                return True
    return False


@pytest.mark.parametrize(("name", "named"), [("everywhere", ACROSS), ("every_workspace", EVERY_WORKSPACE)])
def test_only_the_named_look_beyond_the_scope(name, named):
    found = {module for module in MODULES if _calls(module, name)} | {"access.tenancy"}
    assert found == set(named)


@every_module
def test_looking_across_is_given_a_reason(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("everywhere", "every_workspace"):
            assert isinstance(node.args[0], ast.Constant) and len(str(node.args[0].value)) > 20


def _tenant_models() -> set[str]:
    import fastpix.app  # noqa: F401  # registers all models
    from fastpix.access.tenancy import InOrganization, IsOrganization
    from fastpix.db import Base

    return {m.class_.__name__ for m in Base.registry.mappers if issubclass(m.class_, InOrganization | IsOrganization)}


@every_module
def test_tenants_rows_are_selected_never_fetched_by_key_or_by_raw_sql(module):
    """`session.get` may answer from the identity map, without the filter; text and tables go around it."""
    if not module.startswith(("resources.", "accounts.")):
        return
    tenants = _tenant_models()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "get" and ast.unparse(node.func.value).endswith("session"):
                assert ast.unparse(node.args[0]) not in tenants, f"line {node.lineno}"
            if not module.endswith(".models"):
                assert node.func.attr not in ("text", "exec_driver_sql"), f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("__table__", "no_autoflush"), f"line {node.lineno}"


@every_module
def test_nothing_commits_but_the_named(module):
    """One request, one transaction, ended in one place."""
    commits = {
        "web.resource": "ends every request",
        "access.identity": "last seen, after the request's own transaction",
        "accounts.confirm_views": "a fresh proof stands, whatever becomes of the change",
        "accounts.domain": "a failed try of a password must count",
        "accounts.second_factor": "a failed try of a code must count",
        "accounts.views": "the set-up, before its token's file goes",
        "mail.outbox": "what became of a mail",
        "jobs.queue": "jobs have transactions of their own",
        "jobs.worker": "jobs have transactions of their own",
        "cli": "a command is its own transaction",
        "demo": "a command is its own transaction",
        "db": "defines a transaction of its own, for the steps of long work",
        "operating": "a command is its own transaction",
        "proof.cast": "its people are stored before anybody comes to a door",
        "supervisor": "housekeeping is its own transaction",
    }
    if module not in commits:
        assert not _calls(module, "commit")


@every_module
def test_files_and_functions_stay_short(module):
    assert len(MODULES[module].read_text().splitlines()) <= LONGEST_FILE
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (module, node.name) not in LONG_FUNCTIONS:
            assert (node.end_lineno or 0) - node.lineno + 1 <= LONGEST_FUNCTION, f"{node.name} in line {node.lineno}"


@every_module
def test_no_room_is_called_after_nothing(module):
    assert not set(module.split(".")) & {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "misc",
        "manager",
        "service",
        "base",
    }


@every_module
def test_a_module_says_what_it_is_for(module):
    text = MODULES[module].read_text().strip()
    assert ast.get_docstring(tree(module)) or not text, f"{module} has no docstring"


def test_every_resource_has_its_rooms():
    for folder in sorted(p for p in (PACKAGE / "resources").iterdir() if (p / "models.py").exists()):
        rooms = {path.stem for path in folder.glob("*.py")}
        # people have no pages: they are the accounts' to show
        wanted = (
            {"__init__", "models", "domain"}
            if folder.name == "people"
            else {"__init__", "models", "domain", "views", "api"}
        )
        assert wanted <= rooms, folder.name


def test_every_verb_of_a_resource_is_marked():
    """A public function of a domain module that a door calls is an action, or says in its docstring that it is none."""
    for module in MODULES:
        if not module.startswith("resources.") or module.split(".")[-1] not in DOORS:
            continue
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("page", "operation") and node.args:
                verb = ast.unparse(node.args[0])
                assert verb.partition(".")[0] in (*RULES, "creation"), f"{module}: {verb}"


def test_importing_the_package_imports_nothing():
    source = (PACKAGE / "__init__.py").read_text()
    assert not [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert importlib.util.find_spec("fastpix") is not None


@every_module
def test_sql_is_never_put_together_from_text(module):
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("text", "exec_driver_sql", "execute"):
            assert not (node.args and isinstance(node.args[0], ast.JoinedStr) and module != "db"), f"line {node.lineno}"

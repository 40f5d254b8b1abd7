"""The architecture, held by tests: what may import what, who may look across organizations, and how long things get.

What may import what are the contracts in pyproject.toml; import-linter reads them. Every other rule is one test that names
all places where it is broken.
"""

from __future__ import annotations

import ast
import importlib.util
import logging
from collections.abc import Iterable

import pytest
from importlinter.cli import lint_imports

from tests.sources import MODULES, PACKAGE, ROOT, every_node, nodes, text, tree

pytestmark = pytest.mark.xdist_group("sources")

LONGEST_FILE, LONGEST_FUNCTION = 300, 40
# Tests and tools may be longer; migrations are what the models were, written by Alembic.
LONGEST_FILE_ELSEWHERE, LONGEST_FUNCTION_ELSEWHERE = 400, 60
ELSEWHERE = [path for room in ("tests", "scripts", "benchmarks") for path in sorted((ROOT / room).rglob("*.py"))]

# Who may look across organizations. Everything else is refused by the filter.
ACROSS = {
    "access.tenancy": "defines it",
    "accounts.standing": "who somebody still is comes before any scope, as when a request begins",
    "resources.access_tokens.authentication": "a token is proved before its organization is known; last use is noted after",
    "resources.access_review.jobs": "the worker reminds the admins of all organizations, each in its own scope",
    "resources.audit.jobs": "the worker looks after the audit logs of all organizations",
    "resources.live_streams.jobs": "the worker looks after the broadcasts of all organizations",
    "resources.live_streams.connections.domain": "an encoder is known by its stream key alone; an ingest serves all organizations",
    "resources.live_streams.broadcasts.domain": "an ingest writes down the segments of all organizations at once",
    "resources.live_streams.simulcasts.queries": "an ingest pushes the streams of all organizations",
    "resources.live_streams.playback": "a viewer belongs to no organization; the playback id says what is meant",
    "resources.live_streams.connections.queries": "ingest and worker look after the streams of all organizations",
    "resources.live_streams.viewers.domain": "viewers belong to no organization; they are counted for all streams at once",
    "resources.media.jobs": "the worker looks after the jobs of all organizations",
    "resources.media.tracks.jobs": "housekeeping looks at the jobs of all organizations",
    "resources.media.playback": "a viewer belongs to no organization; the playback id says what is meant",
    "resources.media.source.domain": "who fetches an original is known by the signed address alone",
    "resources.media.storage_check": "the bytes of all organizations are compared with the rows",
    "resources.media.uploads.authentication": "who sends a file is known by the signed address alone",
    "resources.media.uploads.domain": "who sends a file is known by the signed address alone",
    "resources.media.uploads.lifecycle": "the worker ends the uploads of all organizations whose time is over",
    "resources.members.membership": "who somebody is comes before any scope; last seen is noted after",
    "resources.members.invitations.acceptance": "an invite is found by its secret, before anybody is a member",
    "resources.webhooks.jobs": "the worker forgets the old deliveries of all organizations",
    "resources.webhooks.deliveries.jobs": "housekeeping looks at the jobs of all organizations",
    "demo.history": "what delivery would have counted is written as it writes it",
    "resources.usage.domain": "what was delivered is written down for all media and streams at once",
    "resources.usage.jobs": "the worker adds up the usage of all organizations",
    "resources.members.until.jobs": "the worker tells of ends in all organizations",
    "resources.organizations.domain": "founding one, and addresses, which are unique in the instance",
}
EVERY_WORKSPACE = {
    "access.tenancy": "defines it",
    "resources.workspaces.domain": "names and slugs are unique in the organization; the last workspace stays",
    "resources.workspaces.unfinished": "uploads go with their maker whatever workspace they were for",
}

# Who ends a transaction, with the reason: one request is one transaction, ended in one place.
COMMITS = {
    "web.pages": "ends every request",
    "accounts.identity": "last seen, after the request's own transaction",
    "accounts.confirm_views": "a fresh proof stands, whatever becomes of the change",
    "accounts.domain": "a failed try of a password must count",
    "accounts.second_factor": "a failed try of a code must count",
    "accounts.views": "the set-up, before its token's file goes",
    "mail.outbox": "what became of a mail",
    "jobs.queue": "jobs have transactions of their own",
    "jobs.clock": "jobs have transactions of their own",
    "jobs.worker": "jobs have transactions of their own",
    "demo.organizations": "a command is its own transaction",
    "db": "defines a transaction of its own, for the steps of long work",
    "sqlite_turns": "the driver's own commit: a turn ends with it",
    "cli.context": "a command is its own transaction",
    "access_check.cast": "its people are stored before anybody comes to a door",
}
# What a folder of a resource, and a folder in it, may hold.
VOCABULARY = {
    "models", "domain", "queries", "rules", "lifecycle", "schemas", "api", "forms", "views", "presentation", "jobs", "events",
}  # fmt: skip
# Further names in `fastpix/resources`: the field's own terms for what fits none of these.
EXTRA_MODULES = {
    "access_tokens.authentication": "a token is proved before anything is known of its organization",
    "audit.chain.recording": "rows wait for the end of their transaction, by events of the session",
    "audit.chain.verify": "an operator's proof that nobody changed the log",
    "audit.sentences": "what happened in people's words, which other pages tell too",
    "live_streams.playback": "what delivery reads of a stream: its viewers belong to no organization",
    "live_streams.stream_keys": "keys are derived from the instance's secret, and stored nowhere",
    "media.origin": "when a media begins in its own times, which what is added beside it asks",
    "media.growing": "what is made so far is stored by a thread, and shown, while the rest is made",
    "media.options": "what a media is asked for, checked alike for pages, API and uploads",
    "media.redaction": "what of a media members do not learn, asked for each row that leaves, and no pure check",
    "media.playback": "what delivery reads of a media: its viewers belong to no organization",
    "media.source.fetch": "how the bytes of a source come in, by four ways",
    "workspaces.unfinished": "bytes of uploads whose rows go with a workspace, a member or all, known to those below uploads",
    "media.storage_check": "rows and stored bytes are compared, for an operator",
    "media.uploads.authentication": "who sends to an upload's address is known by the address alone",
    "members.invariant": "an organization keeps an admin, whichever resource takes one away",
    "members.invitations.acceptance": "joining, by somebody who is no member yet",
    "members.membership": "who somebody is in an organization, before any scope",
    "members.name_search": "the words of names and addresses that lists are searched by",
    "members.ordering": "the list by name, role or last visit, where an organization is small enough to be looked through",
    "members.notifications": "mails to admins and members, written by whoever changes something",
    "playback_ids.signed_urls": "addresses that play for a while, sealed with the instance's own key",
}
MEANINGLESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "service", "base"}


def called(node: ast.Call) -> str:
    """The last part of the name that is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def callers(*names: str) -> set[str]:
    return {module for module, node in every_node(ast.Call) if called(node) in names}


def long_functions(nodes_of_it: Iterable[ast.AST], longest: int) -> list[str]:
    return [
        f"{node.name} in line {node.lineno}"
        for node in nodes_of_it
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > longest
    ]


@pytest.fixture
def loggers():
    """import-linter configures logging, and silences every logger that is there: later tests want to hear them."""
    known = [each for each in logging.root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    before = {logger: logger.disabled for logger in known}
    yield
    for logger, was_disabled in before.items():
        logger.disabled = was_disabled


@pytest.mark.usefixtures("loggers")
def test_imports_keep_the_contracts(capsys):
    """A broken one is printed with the line of the import."""
    kept = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
    assert kept == 0, capsys.readouterr().out


def test_no_import_is_relative():
    """A relative import hides where a thing comes from."""
    assert not [f"{m}:{node.lineno}" for m, node in every_node(ast.ImportFrom) if node.level]


def test_no_two_files_import_each_other():
    """Neither directly nor by way of others: a circle has no bottom to begin reading at."""
    graph = {module: files_imported(module) - {module} for module in MODULES}
    while leaves := {module for module, imports in graph.items() if not imports}:
        graph = {module: imports - leaves for module, imports in graph.items() if module not in leaves}
    assert not graph, f"in or above a circle: {sorted(graph)}"


def files_imported(module: str) -> set[str]:
    found = set()
    for node in nodes(module):
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "fastpix":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}".removeprefix("fastpix.")
                found.add(whole if whole in MODULES else str(node.module).removeprefix("fastpix."))
    return found


def test_few_modules_stand_loose_at_the_top():
    assert len(list(PACKAGE.glob("*.py"))) < 12


def test_only_the_named_look_beyond_the_scope():
    assert callers("everywhere") | {"access.tenancy"} == set(ACROSS)
    assert callers("every_workspace") | {"access.tenancy"} == set(EVERY_WORKSPACE)


def test_looking_across_is_given_a_reason():
    for module, node in every_node(ast.Call):
        if getattr(node.func, "attr", "") in ("everywhere", "every_workspace"):
            reason = node.args[0]
            assert isinstance(reason, ast.Constant) and len(str(reason.value)) > 20, f"{module}:{node.lineno}"


def _tenant_models() -> set[str]:
    import fastpix.app  # noqa: F401  # registers all models
    from fastpix.access.tenancy import InOrganization, IsOrganization
    from fastpix.db import Base

    return {m.class_.__name__ for m in Base.registry.mappers if issubclass(m.class_, InOrganization | IsOrganization)}


def test_tenants_rows_are_selected_never_fetched_by_key_or_by_raw_sql():
    """`session.get` may answer from the identity map, without the filter; text and tables go around it."""
    tenants, wrong = _tenant_models(), []
    for module, node in every_node(ast.Call, ast.Attribute):
        if not module.startswith(("resources.", "accounts.", "overview.")):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            is_by_key = node.func.attr == "get" and ast.unparse(node.func.value).endswith("session")
            if is_by_key and ast.unparse(node.args[0]) in tenants:
                wrong.append(f"{module}:{node.lineno}")
            if not module.endswith(".models") and node.func.attr in ("text", "exec_driver_sql"):
                wrong.append(f"{module}:{node.lineno}")
        if isinstance(node, ast.Attribute) and node.attr in ("__table__", "no_autoflush"):
            wrong.append(f"{module}:{node.lineno}")
    assert wrong == []


def test_nothing_commits_but_the_named():
    assert callers("commit") - set(COMMITS) == set()


def test_files_and_functions_stay_short():
    wrong = [name for name in MODULES if len(text(name).splitlines()) > LONGEST_FILE]
    wrong += [f"{name}: {each}" for name in MODULES for each in long_functions(nodes(name), LONGEST_FUNCTION)]
    assert wrong == []


def test_tests_and_tools_stay_readable_too():
    wrong = []
    for path in ELSEWHERE:
        source = path.read_text()
        wrong += [f"{path}: {e}" for e in long_functions(ast.walk(ast.parse(source)), LONGEST_FUNCTION_ELSEWHERE)]
        if len(source.splitlines()) > LONGEST_FILE_ELSEWHERE:
            wrong.append(str(path))
    assert wrong == []


def test_styles_and_scripts_stay_readable_too():
    files = [path for kind in ("css", "js") for path in (PACKAGE / "web/static").rglob(f"*.{kind}")]
    assert files
    long = [path.name for path in files if len(path.read_text().splitlines()) > LONGEST_FILE_ELSEWHERE]
    assert [name for path in files for name in long if path.name == name and "vendor" not in path.parts] == []


def test_no_room_is_called_after_nothing():
    assert not [module for module in MODULES if set(module.split(".")) & MEANINGLESS]


def test_a_module_says_what_it_is_for():
    silent = [m for m in MODULES if text(m).strip() and not ast.get_docstring(tree(m))]
    assert silent == []


def test_every_resource_has_its_rooms():
    for folder in sorted(p for p in (PACKAGE / "resources").iterdir() if (p / "models.py").exists()):
        rooms = {path.stem for path in folder.glob("*.py")}
        # people have no pages: they are the accounts' to show
        doors = set() if folder.name == "people" else {"views", "api"}
        assert {"__init__", "models", "domain"} | doors <= rooms, folder.name


def test_a_name_means_the_same_in_every_resource():
    """A folder has known files, and a folder in it the same ones; other names are in `EXTRA_MODULES`, with the reason."""
    files = {module for module, path in MODULES.items() if module.startswith("resources.") and path.stem != "__init__"}
    others = {module.removeprefix("resources.") for module in files if MODULES[module].stem not in VOCABULARY}
    assert others == set(EXTRA_MODULES)


def test_a_folder_in_a_resource_is_a_package():
    """One without `__init__.py` is not found, and what it has of pages would be missing without a word."""
    folders = {path.parent for path in (PACKAGE / "resources").rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_importing_the_package_imports_nothing():
    source = (PACKAGE / "__init__.py").read_text()
    assert not [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert importlib.util.find_spec("fastpix") is not None


def test_sql_is_never_put_together_from_text():
    wrong = [
        f"{module}:{node.lineno}"
        for module, node in every_node(ast.Call)
        if getattr(node.func, "attr", "") in ("text", "exec_driver_sql", "execute")
        and node.args
        and isinstance(node.args[0], ast.JoinedStr)
        and module != "db"
    ]
    assert wrong == []

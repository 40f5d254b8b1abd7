"""The house's rules as tables, for `test_architecture.py`: what may import what, and who may do what others may not.

An exception stands here by name, with its reason.
"""

from __future__ import annotations

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
    "finding",
    "holding",
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
    "resources.media.asked": ["own.models", "addresses", "names", "errors"],
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
    "resources.organizations.views": [
        "own.*", *[f"resources.*.{rule}" for rule in RULES], "resources.audit.presentation", "web*", "access.principal", "mail.outbox",
    ],  # the overview shows the latest of all
    "resources.*.models": ["db", "access.tenancy", "access.table"],
    "resources.usage.schemas": ["web.api", "own.holding"],  # from how many media on a number is an hour old
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
        "programs", "video.tools", "demo_history", "db", "errors",
    ],
    "demo_history": ["access.tenancy", "resources.*.models", "resources.usage.counting", "db"],
    "upkeep": ["operating", "keeping.upgrade", "doctor", "demo", "accounts.operator", "web.health", "settings", "app", "resources.media.housekeeping", "resources.audit.verify", "resources.organizations.domain"],
    "supervisor": ["children", "instance_lock", "logs", "programs", "settings", "setting_kinds", "errors"],
    "programs": ["*"],
    "children": ["instance_lock", "errors"],
    "__main__": ["cli"],
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
    "programs": ({"flask"}, "gunicorn is given the application"),
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

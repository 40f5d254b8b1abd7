"""The members page and the API list of media as a careful Django project has them: ORM, templates, sessions, permissions.

Careful: joins and prefetches instead of N+1, persistent connections, cached templates, counters kept instead of COUNT(*),
SQLite with the same pragmas. `benchmarks.peers` fills it and runs it under the same web server as fastpix.
"""

from __future__ import annotations

import base64
import hashlib
import os
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import django
from django.conf import settings

HERE = Path(__file__).resolve().parent
PRAGMAS = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"
SECRET = "a token's secret"

settings.configure(
    DEBUG=False,
    SECRET_KEY="a benchmark's key",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="benchmarks.django_peer",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [HERE / "django_templates"],
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": f"{os.environ['BENCHMARK_FOLDER']}/django.db",
            "CONN_MAX_AGE": None,
            "OPTIONS": {"init_command": PRAGMAS},
        }
    },
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    LOGIN_URL="/sign-in",
)
django.setup()

from django.contrib.auth.decorators import login_required, permission_required  # noqa: E402  # after the settings
from django.contrib.auth.models import Group, Permission, User  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402

MENU = ("Overview", "Media", "Playlists", "Live", "Members", "Workspaces", "Signing keys", "Access tokens", "Webhooks", "Audit log", "Settings")  # fmt: skip


class Organization(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    name = models.CharField(max_length=80)
    slug = models.SlugField(unique=True)
    member_count = models.IntegerField(default=0)
    media_count = models.IntegerField(default=0)

    class Meta:
        app_label = "peer"


class Membership(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organization = models.ForeignKey(Organization, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE)
    role = models.CharField(max_length=8)
    all_workspaces = models.BooleanField(default=True)
    has_second_factor = models.BooleanField(default=False)
    joined_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "peer"
        indexes = [models.Index(fields=["organization", "joined_at", "id"], name="membership_page")]


class Invitation(models.Model):
    organization = models.ForeignKey(Organization, models.CASCADE)
    email = models.EmailField()

    class Meta:
        app_label = "peer"


class AccessToken(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(Membership, models.CASCADE)
    secret_hash = models.CharField(max_length=64)
    role = models.CharField(max_length=8)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "peer"


class Media(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organization = models.ForeignKey(Organization, models.CASCADE)
    title = models.CharField(max_length=255)
    creator_id = models.CharField(max_length=255, default="")
    metadata = models.JSONField(default=dict)
    media_quality = models.CharField(max_length=8, default="standard")
    max_resolution = models.CharField(max_length=6, default="1080p")
    status = models.CharField(max_length=12, default="Ready")
    source_access = models.BooleanField(default=False)
    is_audio_only = models.BooleanField(default=False)
    duration = models.FloatField(default=61.5)
    frame_rate = models.FloatField(default=30.0)
    width = models.IntegerField(default=1920)
    height = models.IntegerField(default=1080)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        app_label = "peer"
        indexes = [models.Index(fields=["organization", "created_at", "id"], name="media_page")]


class PlaybackId(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    media = models.ForeignKey(Media, models.CASCADE, related_name="playback_ids")
    access_policy = models.CharField(max_length=8, default="public")
    restrictions = models.JSONField(default=dict)

    class Meta:
        app_label = "peer"


class Track(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    media = models.ForeignKey(Media, models.CASCADE, related_name="tracks")
    type = models.CharField(max_length=8)
    status = models.CharField(max_length=10, default="available")
    details = models.JSONField(default=dict)

    class Meta:
        app_label = "peer"


TABLES = (Organization, Membership, Invitation, AccessToken, Media, PlaybackId, Track)


@login_required
@permission_required("auth.view_user", raise_exception=True)
def members(request: HttpRequest, slug: str) -> HttpResponse:
    standings = list(Membership.objects.filter(user=request.user).select_related("organization"))
    here = next((each for each in standings if each.organization.slug == slug), None)
    if here is None:
        return HttpResponse(status=404)
    found = Membership.objects.filter(organization=here.organization).select_related("user")
    rows = list(found.order_by("-joined_at", "-id")[:26])
    context = {
        "organization": here.organization,
        "standings": standings,
        "role": here.role,
        "menu": [{"label": label, "url": f"/o/{slug}/{label.lower().replace(' ', '-')}/"} for label in MENU],
        "members": rows[:25],
        "older": rows[24].id if len(rows) > 25 else None,
        "waiting": Invitation.objects.filter(organization=here.organization).count(),
        "may_invite": request.user.has_perm("auth.add_user"),
        "may_edit": request.user.has_perm("auth.change_user"),
        "here": request.path,
    }
    return render(request, "members.html", context)


def media(request: HttpRequest) -> HttpResponse:
    kind, _, pair = request.headers.get("Authorization", "").partition(" ")
    token_id, _, secret = base64.b64decode(pair).decode().partition(":")
    digest = hashlib.sha256(secret.encode()).hexdigest()
    tokens = AccessToken.objects.select_related("owner__organization", "owner__user")
    token = tokens.filter(id=token_id, secret_hash=digest, revoked_at=None).first()
    if kind != "Basic" or token is None:
        return JsonResponse({"success": False}, status=401)
    if not token.owner.user.has_perm("auth.view_user"):
        return JsonResponse({"success": False}, status=403)
    limit, offset = int(request.GET.get("limit", 10)), int(request.GET.get("offset", 1))
    organization = token.owner.organization
    wanted = Media.objects.filter(organization=organization).prefetch_related("playback_ids", "tracks")
    rows = wanted.order_by("-created_at", "-id")[(offset - 1) * limit : offset * limit]
    total = organization.media_count
    pagination = {"totalRecords": total, "currentOffset": offset, "offsetCount": -(-total // limit)}
    return JsonResponse({"success": True, "data": [_media(row) for row in rows], "pagination": pagination})


def _media(row: Media) -> dict[str, Any]:
    playback_ids = [
        {"id": each.id, "accessPolicy": each.access_policy, "accessRestrictions": each.restrictions}
        for each in row.playback_ids.all()
    ]
    tracks = [{"id": each.id, "type": each.type, "status": each.status, **each.details} for each in row.tracks.all()]
    return {
        "thumbnail": f"http://127.0.0.1/images/{playback_ids[0]['id']}/thumbnail.jpg",
        "id": row.id,
        "workspaceId": row.organization_id,
        "metadata": row.metadata,
        "mediaQuality": row.media_quality,
        "title": row.title,
        "maxResolution": row.max_resolution,
        "sourceResolution": str(min(row.width, row.height)),
        "status": row.status,
        "sourceAccess": row.source_access,
        "playbackIds": playback_ids,
        "tracks": tracks,
        "generatedSubtitles": [],
        "isAudioOnly": row.is_audio_only,
        "subtitleAvailable": any(each["type"] == "subtitle" for each in tracks),
        "duration": f"{row.duration:.3f}",
        "frameRate": f"{row.frame_rate:.3f}",
        "aspectRatio": "16:9",
        "trial": False,
        "createdAt": row.created_at,
        "updatedAt": row.updated_at,
    }


urlpatterns = [path("o/<slug:slug>/members/", members), path("v1/on-demand", media)]


def fill(size: int) -> dict[str, str]:
    """Make the tables and an organization of so many members and media: {slug, cookie, basic}."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for table in TABLES:
            editor.create_model(table)
    with transaction.atomic():
        return _filled(size)


def _filled(size: int) -> dict[str, str]:
    at = timezone.now() - timedelta(seconds=size)
    house = Organization.objects.create(name="House", slug="house", member_count=size, media_count=size)
    group = Group.objects.create(name="admin")
    group.permissions.set(Permission.objects.filter(codename__in=("view_user", "add_user", "change_user")))
    for number in range(size):
        user = User.objects.create(username=f"p{number}@example.com", email=f"p{number}@example.com", first_name=f"Person {number}")  # fmt: skip
        moment = at + timedelta(seconds=number)
        Membership.objects.create(organization=house, user=user, role="member", joined_at=moment, last_seen_at=moment)
        film = Media.objects.create(organization=house, title="A film", created_at=moment, updated_at=moment)
        rule = {"defaultPolicy": "allow", "allow": [], "deny": []}
        PlaybackId.objects.create(media=film, restrictions={"domains": rule, "userAgents": rule})
        Track.objects.create(media=film, type="video", details={"width": 1920, "height": 1080, "frameRate": "30.000"})
        Track.objects.create(media=film, type="audio")
    admin = User.objects.create_user("ada@example.com", "ada@example.com", first_name="Ada Admin")
    admin.groups.add(group)
    owner = Membership.objects.create(organization=house, user=admin, role="admin", joined_at=timezone.now())
    digest = hashlib.sha256(SECRET.encode()).hexdigest()
    token = AccessToken.objects.create(owner=owner, role="admin", secret_hash=digest)
    basic = base64.b64encode(f"{token.id}:{SECRET}".encode()).decode()
    return {"slug": house.slug, "cookie": _session(admin), "basic": basic}


def _session(user: Any) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


application = get_wsgi_application()

if __name__ == "__main__":
    import json
    import sys

    sys.modules["benchmarks.django_peer"] = sys.modules["__main__"]
    print(json.dumps(fill(int(sys.argv[1]))))

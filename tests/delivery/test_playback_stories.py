"""Attacks on private playback, as stories: whatever is asked for without a valid token is 401, and nothing else."""

from __future__ import annotations

import base64
import hmac
import json
import time

import pytest
from joserfc import jwt

from fastpix.resources.media import playback
from fastpix.resources.members import domain as members
from fastpix.resources.playback_ids import signed_urls
from fastpix.resources.playback_ids.models import PlaybackId
from tests.delivery.screening import CUES, KEYS, VERSION, token
from tests.stories.tables import rows

pytestmark = pytest.mark.sqlite


@pytest.fixture
def film(cinema):
    return cinema.show("private")


@pytest.fixture
def key(cinema):
    return cinema.key()


@pytest.fixture
def opened(film, key, viewer):
    """The prefix that a good token opens."""
    return prefix_of(film, viewer, token(film, key))


def prefix_of(film, viewer, given):
    answer = viewer(film.master, query={"token": given})
    assert answer.status_code == 200, answer.text
    line = next(line for line in answer.text.splitlines() if line.startswith("m/"))
    return f"/stream/{line.partition(f'/{film.version}/')[0]}"


def compact(header, claims, signature=b""):
    """A token put together by hand."""
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def hs256(header, claims, secret):
    """As the libraries would sign that let a public key be a secret."""
    signed = compact(header, claims).rpartition(".")[0]
    return f"{signed}.{compact(header, claims, hmac.digest(secret, signed.encode(), 'sha256')).rpartition('.')[2]}"


def assert_not_authorized(answer):
    assert answer.status_code == 401, answer.text
    assert answer.json["success"] is False
    assert answer.json["error"]["code"] == 401
    assert "token" in answer.json["error"]["message"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_opens_every_kind_of_object(film, opened, viewer, key):
    for path in film.parts:
        assert viewer(f"{opened}/{path}").status_code == 200, path
    for door in film.doors:
        if "thumbnail" not in door and "clip" not in door:
            assert viewer(door, query={"token": token(film, key)}).status_code == 200, door


def test_the_use_of_a_key_is_noted_and_a_forged_tokens_is_not(film, key, cinema, viewer):
    def used():
        return rows(cinema.world, "signing_keys", id=key)[0]["last_used_at"]

    viewer(film.master, query={"token": token(film, key, 1)}).close()
    assert used() is None
    viewer(film.master, query={"token": token(film, key)}).close()
    first = used()
    assert first is not None
    viewer(film.master, query={"token": token(film, key)}).close()
    assert used() == first, "once an hour"


def test_subtitles_have_a_lasting_address_by_their_track(film, key, viewer, cinema):
    """As FastPix's: /stream/<playback id>/text/<track id>.vtt."""
    door = f"/stream/{film.playback_id}/text/{film.tracks['subtitle']}.vtt"
    assert_not_authorized(viewer(door))
    answer = viewer(door, query={"token": token(film, key)}, Origin="https://a.example")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
    assert answer.text == CUES
    public = cinema.show("public")
    assert viewer(f"/stream/{public.playback_id}/text/{public.tracks['subtitle']}.vtt").text == CUES
    for other in (film.tracks["subtitle"], public.tracks["audio"], public.id):
        assert viewer(f"/stream/{public.playback_id}/text/{other}.vtt").status_code == 404


def test_without_a_token_nothing_of_it_opens(film, viewer):
    for door in film.doors:
        assert_not_authorized(viewer(door))
    for path in (*film.parts, "master.m3u8", "source", "nothing.m4s"):
        assert_not_authorized(viewer(f"{film.public}/{path}"))


def test_guessed_names_of_private_media_are_no_less_private(film, viewer):
    for name in ("source", "anything.mp4", f"{VERSION}/720p/s00000.m4s", "a/b/c/d"):
        assert_not_authorized(viewer(f"/stream/{film.playback_id}/{name}"))
        assert_not_authorized(viewer(f"/images/{film.playback_id}/{name}"))


def wrong_tokens(film, key, other_film):
    """Name -> a token that must not open the film."""
    claims = {"aud": f"media:{film.playback_id}", "exp": int(time.time()) + 600, "kid": str(key)}
    head = {"alg": "RS256", "kid": str(key)}
    pem = KEYS[0].as_pem(private=False)
    good = token(film, key)
    return {
        "nonsense": "nonsense",
        "dots": "..",
        "not ascii": "é.é.é",
        "no signature": good.rpartition(".")[0] + ".",
        "other signature": good[:-8] + "AAAAAAAA",
        "alg none": compact({"alg": "none", "kid": str(key)}, claims),
        "alg NONE": compact({"alg": "NONE", "kid": str(key)}, claims),
        "alg is a list": compact({"alg": ["RS256"], "kid": str(key)}, claims),
        "HS256 with the public PEM": hs256(head | {"alg": "HS256"}, claims, pem),
        "RS512": jwt.encode(head | {"alg": "RS512"}, claims, KEYS[0], algorithms=["RS512"]),
        "PS256": jwt.encode(head | {"alg": "PS256"}, claims, KEYS[0], algorithms=["PS256"]),
        "another key's signature": token(film, key, number=1),
        "unknown key": token(film, "00000000-0000-4000-8000-000000000000"),
        "key that is no id": token(film, "../../etc/passwd"),
        "key preview": token(film, "preview"),
        "no key": token(film, None, header={"alg": "RS256"}),
        "key in capitals": token(film, str(key).upper()),
        "no exp": token(film, key, exp=None),
        "expired": token(film, key, exp=int(time.time()) - 6),
        "exp as text": token(film, key, exp=str(int(time.time()) + 600)),
        "exp true": token(film, key, exp=True),
        "not yet": token(film, key, nbf=int(time.time()) + 60),
        "no aud": token(film, key, aud=None),
        "aud without media:": token(film, key, aud=str(film.playback_id)),
        "aud drm:": token(film, key, aud=f"drm:{film.playback_id}"),
        "aud in capitals": token(film, key, aud=f"media:{film.playback_id}".upper()),
        "aud of another": token(film, key, aud=f"media:{other_film.playback_id}"),
        "aud is the media": token(film, key, aud=f"media:{film.id}"),
        "aud as object": token(film, key, aud={"media": str(film.playback_id)}),
        "a parameter that must be understood": token(film, key, header=head | {"crit": ["x"], "x": 1}),
        "a parameter that is known and must be understood": token(film, key, header=head | {"crit": ["exp"], "exp": 1}),
        "too long": token(film, key, padding="x" * 4096),
        "nested a thousand deep": f"{base64.urlsafe_b64encode(b'[' * 2500).decode()}.e30.AA",
    }


def test_no_wrong_token_opens_it(film, key, cinema, viewer):
    wrong = wrong_tokens(film, key, cinema.show("private"))
    for name, given in wrong.items():
        answer = viewer(film.master, query={"token": given})
        assert answer.status_code == 401, name
    assert viewer(film.master, query={"token": token(film, key)}).status_code == 200


def test_an_exp_of_nan_never_opens(film, key, viewer):
    claims = f'{{"aud": "media:{film.playback_id}", "exp": NaN}}'
    signed = jwt.serialize_compact({"alg": "RS256", "kid": str(key)}, claims.encode(), KEYS[0])
    assert_not_authorized(viewer(film.master, query={"token": signed}))


@pytest.mark.parametrize(
    "claims",
    [{"iss": "fastpix.io"}, {"iss": None, "sub": ""}, {"sub": "anything"}, {"iat": int(time.time()) + 60}],
)
def test_issuer_and_subject_are_the_customers_own_affair(film, key, viewer, claims):
    assert viewer(film.master, query={"token": token(film, key, **claims)}).status_code == 200


@pytest.mark.parametrize(
    "more", [{"x-made-by": "our shop"}, {"cty": "x", "kid2": [1]}, {"x5c": ["A" * 1500]}, {"typ": "at+jwt", "é": None}]
)
def test_parameters_of_the_header_that_nobody_knows_are_ignored(film, key, viewer, more):
    """RFC 7515, section 4; those that `crit` names are refused above."""
    header = {"alg": "RS256", "kid": str(key)} | more
    assert viewer(film.master, query={"token": token(film, key, header=header)}).status_code == 200


def test_aud_may_be_a_list_and_the_key_may_be_named_in_the_claims(film, key, viewer):
    several = ["other", f"media:{film.playback_id}"]
    assert viewer(film.master, query={"token": token(film, key, aud=several)}).status_code == 200
    assert viewer(film.master, query={"token": token(film, key, header={"alg": "RS256"})}).status_code == 200


def test_five_seconds_of_leeway_and_no_more(film, key, later, viewer):
    given = token(film, key, exp=int(time.time()) + 2)
    later(5)
    assert viewer(film.master, query={"token": given}).status_code == 200
    later(4)
    assert_not_authorized(viewer(film.master, query={"token": given}))


def test_a_key_of_another_organization_opens_nothing_here(film, cinema, cast, viewer):
    foreign = cinema.key(cast.rival)
    assert_not_authorized(viewer(film.master, query={"token": token(film, foreign)}))


def test_a_key_of_another_workspace_of_the_same_organization_opens_nothing_here(film, cinema, cast, viewer):
    other = next(name for name in cast.acme.workspaces if name != "production")
    key = cinema.key(workspace=other)
    assert_not_authorized(viewer(film.master, query={"token": token(film, key)}))
    there = cinema.show("private", workspace=other)
    assert viewer(there.master, query={"token": token(there, key)}).status_code == 200


def test_a_deleted_key_stops_within_five_seconds_also_the_addresses_that_are_out(
    film, key, opened, cinema, later, viewer
):
    given = token(film, key)
    cinema.delete_key(key)
    later(4.1)
    assert_not_authorized(viewer(film.master, query={"token": given}))
    assert_not_authorized(viewer(f"{opened}/{film.segment}"))
    assert_not_authorized(viewer(f"{opened}/master.m3u8"))


def test_the_prefix_of_one_playback_id_opens_no_other(film, opened, cinema, key, viewer):
    other = cinema.show("private")
    swapped = opened.replace(str(film.playback_id), str(other.playback_id))
    assert_not_authorized(viewer(f"{swapped}/{other.segment}"))


def test_a_changed_part_of_a_prefix_opens_nothing(film, opened, key, cinema, viewer):
    _, stream, m, expires, key_id, signature, playback_id = opened.split("/")
    other_key = cinema.key(number=1)
    for changed in (
        (str(int(expires) + 1), key_id, signature),
        (f"0{expires}", key_id, signature),
        (f"+{expires}", key_id, signature),
        (f"{expires[:-1]}٣", key_id, signature),
        (expires, str(other_key), signature),
        (expires, "preview", signature),
        (expires, "-", signature),
        (expires, key_id, signature[:-1]),
        (expires, key_id, signature + "A"),
        (expires, key_id, "-"),
        (expires, key_id, "é"),
        ("0", "-", "-"),
    ):
        assert_not_authorized(viewer(f"/{stream}/{m}/{'/'.join(changed)}/{playback_id}/{film.segment}"))
    assert viewer(f"{opened}/{film.segment}").status_code == 200


def test_a_prefix_ends_with_its_token_and_at_the_latest_after_a_day(film, key, later, viewer):
    short = prefix_of(film, viewer, token(film, key, exp=int(time.time()) + 60))
    long = prefix_of(film, viewer, token(film, key, exp=int(time.time()) + 10**9))
    later(61)
    assert_not_authorized(viewer(f"{short}/{film.segment}"))
    assert viewer(f"{long}/{film.segment}").status_code == 200
    later(24 * 3600)
    assert_not_authorized(viewer(f"{long}/{film.segment}"))


def test_another_generation_kills_the_addresses_that_are_out(film, opened, cinema, later, viewer):
    cinema.change(film, generation="another")
    later(4.1)
    assert_not_authorized(viewer(f"{opened}/{film.segment}"))


def test_media_that_become_private_close_the_public_address_within_five_seconds(cinema, later, viewer):
    film = cinema.show("public")
    assert viewer(f"{film.public}/{film.segment}").status_code == 200
    cinema.change(film, PlaybackId, access_policy="private")
    later(4.1)
    assert_not_authorized(viewer(f"{film.public}/{film.segment}"))


def test_the_previews_prefix_works_for_four_hours_and_needs_no_key(film, world, later, viewer, signed_in):
    with world.session():
        playable = playback.find(film.playback_id)
    prefix = signed_urls.preview_prefix(playable).removeprefix("http://localhost")
    assert viewer(f"{prefix}/master.m3u8", **signed_in("mel")).status_code == 200
    assert viewer(f"{prefix}/{film.segment}", **signed_in("mel")).status_code == 200
    later(4 * 3600)
    assert_not_authorized(viewer(f"{prefix}/{film.segment}", **signed_in("mel")))


def test_the_previews_prefix_is_nothing_without_a_session_that_may_see_the_media(
    film, world, cast, viewer, signed_in, acting
):
    """Whoever copies it off the page plays nothing elsewhere, and a member who was removed nothing any more."""
    with world.session():
        prefix = signed_urls.preview_prefix(playback.find(film.playback_id)).removeprefix("http://localhost")
    doors = [f"{prefix}/master.m3u8", f"{prefix}/{film.segment}"]
    assert {viewer(door, **signed_in("mel")).status_code for door in doors} == {200}
    with acting("ada"):
        members.edit(cast.acme.members["mel"], workspace_access=[])
    for door in doors:
        assert_not_authorized(viewer(door))
        assert_not_authorized(viewer(door, **signed_in("rex")))
        assert_not_authorized(viewer(door, **signed_in("mel")))
    with acting("ada"):
        members.edit(cast.acme.members["mel"], workspace_access="all")
    assert viewer(doors[1], **signed_in("mel")).status_code == 200
    with acting("ada"):
        members.remove(cast.acme.members["mel"])
    for door in doors:
        assert_not_authorized(viewer(door, **signed_in("mel")))


def test_a_master_inside_a_prefix_names_its_parts_beside_it(film, opened, viewer):
    text = viewer(f"{opened}/master.m3u8").text
    variants = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert variants == [f"{film.version}/{name}/index.m3u8" for name in ("360p", "720p", "1080p")]
    assert f'URI="tracks/{film.tracks["subtitle"]}/' in text


NAMELESS = [
    "source",
    "../{id}/source",
    "{version}/../source",
    "{version}/%2e%2e/source",
    "{version}/..%2fsource",
    "{version}/720p/../../source",
    "{version}//720p/s00000.m4s",
    "{version}/720p/s00000.m4s/",
    "{version}/720p/s00000.m4s%00.jpg",
    "{version}/720p/s00000.m4s%0a",
    "{version}/720p/a/b/s00000.m4s",
    "{version}/720p/.hidden.m4s",
    "{version}/720p/s00000.html",
    "{version}/720p",
    "{version}/",
    "{version}/999p/s00000.m4s",
    "{version}/source",
    "ffffffffffff/720p/s00000.m4s",
    "tracks/source",
    "tracks/{audio}/source",
    "tracks/{audio}/source/index.m3u8",
    "tracks/{audio}/{version}/index.m3u8",
    "tracks/{audio}/ba9876543210/../source",
    "tracks/00000000-0000-4000-8000-000000000000/ba9876543210/index.m3u8",
    "tracks//ba9876543210/index.m3u8",
    "%2fetc%2fpasswd",
    "/etc/passwd",
    "{other}/720p/s00000.m4s",
    "..%5c..%5csource",
]


@pytest.mark.parametrize("policy", ["public", "private"])
def test_only_what_the_playlists_name_is_there(policy, cinema, key, viewer):
    film, other = cinema.show(policy), cinema.show(policy)
    cinema.change(other, version="eeeeeeeeeeee")
    prefix = film.public if policy == "public" else prefix_of(film, viewer, token(film, key))
    told = {"id": film.id, "version": film.version, "other": "eeeeeeeeeeee", "audio": film.tracks["audio"]}
    for path in NAMELESS:
        answer = viewer(f"{prefix}/{path.format(**told)}")
        assert answer.status_code in (308, 401, 404, 422), path
        assert b"original" not in answer.data
        if answer.status_code == 308:  # two slashes: sent to the address with one, which is an ordinary one
            assert "//" not in answer.headers["Location"].partition("://")[2]


def test_a_cap_hides_what_is_larger_and_refuses_its_files(cinema, viewer):
    film = cinema.show(resolution="720p")
    master = viewer(film.master).text
    assert "1080p" not in master
    assert "720p/index.m3u8" in master
    assert viewer(f"{film.public}/{film.version}/720p/s00000.m4s").status_code == 200
    for hidden in ("1080p/index.m3u8", "1080p/init.mp4", "1080p/s00000.m4s", "capped-4k.mp4"):
        assert viewer(f"{film.public}/{film.version}/{hidden}").status_code == 404, hidden
    assert viewer(f"/stream/{film.playback_id}/capped-4k.mp4").status_code == 404
    assert viewer(f"/stream/{film.playback_id}/audio.m4a").status_code == 200


def test_a_download_that_is_not_offered_is_not_there(cinema, viewer):
    film = cinema.show(downloads={"capped-4k.mp4": {"status": "preparing"}})
    assert viewer(f"/stream/{film.playback_id}/capped-4k.mp4").status_code == 404
    assert viewer(f"{film.public}/{film.version}/capped-4k.mp4").status_code == 404

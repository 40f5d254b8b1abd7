"""What a backup holds, and that nothing is put back that is damaged, foreign, newer, or in the way of something."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

import pytest

from fastpix.backup import archive, backup
from tests import next_release

pytestmark = pytest.mark.sqlite


@pytest.fixture
def file(operator, tmp_path):
    """A backup of the operator's instance, with one stored file in it."""
    (operator.folder / "media" / "a" / "b").mkdir(parents=True)
    (operator.folder / "media" / "a" / "b" / "film.mp4").write_bytes(b"a film")
    made = tmp_path / "backup.tar"
    result = operator.run("backup", str(made))
    assert result.exit_code == 0, result.output
    return made


def people(operator):
    return [row[0] for row in operator.sql("SELECT email FROM people ORDER BY email")]


def members_of(path):
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


def rebuild(path, members):
    """The backup again, with other members, as somebody would who can write tar files."""
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def test_a_backup_holds_database_key_and_files_and_is_its_owners_alone(operator, file):
    inside = members_of(file)
    assert set(inside) == {"backup.json", "database.sqlite", "secret_key", "media/a/b/film.mp4", "sums.json"}
    assert inside["secret_key"].decode() == (operator.folder / "secret_key").read_text().strip()
    assert file.stat().st_mode & 0o777 == 0o600
    assert not list(operator.folder.glob("media/.work/backup-*")) and not list(file.parent.glob(".backup-*"))
    operator.fails("backup", str(file), saying="exists already")


def test_it_is_put_back_into_an_empty_instance(operator, make_operator, file):
    other = make_operator("other")
    assert other.run("restore", str(file)).exit_code == 0
    assert people(other) == ["ada@ada.example"]
    assert (other.folder / "secret_key").read_text() == (operator.folder / "secret_key").read_text().strip()
    assert (other.folder / "secret_key").stat().st_mode & 0o777 == 0o600
    assert other.run("audit", "verify").exit_code == 0
    assert not list(other.folder.glob("restoring-*"))


def test_without_media_it_is_the_database_alone(operator, tmp_path, file):
    small = tmp_path / "small.tar"
    assert "no media" in operator.run("backup", str(small), "--without-media").output
    assert set(members_of(small)) == {"backup.json", "database.sqlite", "secret_key", "sums.json"}


def test_what_is_there_is_kept_unless_replacing_and_then_moved_aside(operator, file):
    operator.sql("UPDATE people SET name = 'Changed since'")
    operator.fails("restore", str(file), saying="--replace")
    assert operator.sql("SELECT name FROM people") == [("Changed since",)]
    done = operator.run("restore", str(file), "--replace")
    assert done.exit_code == 0 and operator.sql("SELECT name FROM people") == [("Ada",)]
    (aside,) = operator.folder.glob("replaced-*")
    assert str(aside) in done.output
    assert (aside / "fastpix.db").exists() and (aside / "media" / "a" / "b" / "film.mp4").read_bytes() == b"a film"


def test_a_damaged_a_cut_and_a_foreign_file_are_refused_untouched(operator, make_operator, file, tmp_path):
    other, whole = make_operator("other"), file.read_bytes()
    at = whole.index(b"a film")
    for damaged, saying in (
        (whole[:at] + b"A" + whole[at + 1 :], "damaged (media/a/b/film.mp4)"),
        (whole[: len(whole) // 2], "Nothing was restored"),
        (b"not a tar at all" * 100, "cannot be read"),
        (b"", "cannot be read"),
    ):
        file.write_bytes(damaged)
        other.fails("restore", str(file), saying=saying)
        assert not (other.folder / "fastpix.db").exists()
    other.fails("restore", str(tmp_path / "nowhere.tar"), saying="There is no file")


def test_a_member_that_leads_out_of_the_folder_is_refused(make_operator, file, tmp_path):
    inside = members_of(file)
    last = inside.pop("sums.json")
    rebuild(file, inside | {"../../escaped": b"!", "sums.json": last})
    make_operator("other").fails("restore", str(file), saying="which no backup does")
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.full("the test of the test")
def test_without_that_check_the_sums_would_still_refuse_a_stranger_but_not_a_forger(file, tmp_path, monkeypatch):
    """Breaks the guard on purpose: whoever writes tar files also writes sums."""
    inside = members_of(file)
    sums = json.loads(inside.pop("sums.json")) | {"../escaped": hashlib.sha256(b"!").hexdigest()}
    rebuild(file, inside | {"../escaped": b"!", "sums.json": json.dumps(sums).encode()})
    monkeypatch.setattr(archive, "_safe", lambda member, _path: member.name)
    folder = tmp_path / "work"
    folder.mkdir()
    archive.unpack(file, folder)
    assert (tmp_path / "escaped").exists()


@pytest.mark.full("a backup made and spoilt four times")
@pytest.mark.parametrize(
    ("change", "saying"),
    [
        ({"revision": "29990101_1"}, "newer fastpix"),
        ({"revision": "20261124_14"}, "before the first release"),
        ({"format": 99}, "newer fastpix"),
        ({"database": "postgresql"}, "move-database"),
    ],
)
def test_a_backup_of_another_world_is_refused(make_operator, file, change, saying):
    inside = members_of(file)
    inside["backup.json"] = json.dumps(json.loads(inside["backup.json"]) | change).encode()
    rebuild(file, inside)
    other = make_operator("other")
    other.fails("restore", str(file), saying=saying)
    assert not (other.folder / "fastpix.db").exists()


def test_another_secret_key_in_the_settings_is_refused(make_operator, file):
    other = make_operator("other")
    other.fails("restore", str(file), saying="another FASTPIX_SECRET_KEY", FASTPIX_SECRET_KEY="xy" * 20)


def test_a_full_disk_is_said_before_anything_is_written(operator, tmp_path, monkeypatch):
    monkeypatch.setattr(backup, "_SPARE", 1 << 60)
    operator.fails("backup", str(tmp_path / "x.tar"), saying="MiB free")
    assert not (tmp_path / "x.tar").exists()
    operator.fails("backup", str(tmp_path / "no" / "x.tar"), saying="There is no folder")


def test_an_upgrade_backs_up_the_older_database_first(operator, tmp_path, monkeypatch):
    next_release.install(monkeypatch, tmp_path / "migrations")
    said = operator.run("upgrade").output
    assert "Backup before migrating: backups/before-" in said and "up to date" in said
    (made,) = (operator.folder / "backups").iterdir()
    assert "database.sqlite" in members_of(made)
    assert people(operator) == ["ada@ada.example"]
    assert "Backup" not in operator.run("upgrade").output, "nothing to do, nothing to keep"


def test_a_move_needs_an_empty_database_of_a_known_kind(operator, tmp_path):
    operator.fails("move-database", "--to", "mysql://x/y", saying="--to")
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert operator.run("move-database", "--to", other).exit_code == 0
    operator.fails("move-database", "--to", other, saying="holds rows already")


def test_every_row_of_every_table_moves(operator, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    done = operator.run("move-database", "--to", f"sqlite:///{other / 'fastpix.db'}")
    assert done.exit_code == 0, done.output
    there = type(operator)(other)
    for table in ("people", "organizations", "members", "audit_log", "audit_heads", "workspaces"):
        query = f"SELECT * FROM {table} ORDER BY 1"
        assert there.sql(query) == operator.sql(query) != []


def test_a_backup_without_its_key_is_refused_before_anything_is_moved(operator, make_operator, tmp_path):
    key = {"FASTPIX_SECRET_KEY": "xy" * 20}
    owner = make_operator("keyed")
    assert owner.run("upgrade", **key).exit_code == 0
    file = tmp_path / "without-key.tar"
    assert owner.run("backup", str(file), **key).exit_code == 0
    before = (operator.folder / "fastpix.db").read_bytes()
    operator.fails("restore", str(file), "--replace", saying="holds no secret key")
    assert (operator.folder / "fastpix.db").read_bytes() == before
    assert not list(operator.folder.glob("replaced-*"))

"""A file is written whole, through links, and keeps its owner and rights; a device stays one."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from jitnet.io.files import can_be_written, write_file, written_whole

posix = pytest.mark.skipif(os.name != "posix", reason="owners, rights and pipes as POSIX has them")
NOBODY = 65534
NEW = b"new content"

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root may make it")


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that other users reach, too."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def user() -> Callable[[], AbstractContextManager[None]]:
    """Within it the process has no rights but a user's."""

    @contextmanager
    def one() -> Iterator[None]:
        if not IS_ROOT:
            yield
            return
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return one


def old_file(folder: Path, mode: int = 0o644) -> Path:
    path = folder / "file"
    path.write_bytes(b"what stood here before")
    path.chmod(mode)
    return path


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_has_the_rights_of_any_new_file(folder: Path) -> None:
    write_file(folder / "file", NEW)
    (folder / "other").touch()
    assert (folder / "file").read_bytes() == NEW
    assert permissions(folder / "file") == permissions(folder / "other")


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
def test_a_file_keeps_its_mode(mode: int, folder: Path) -> None:
    path = old_file(folder, mode)
    write_file(path, NEW)
    assert path.read_bytes() == NEW
    assert permissions(path) == mode
    assert list(folder.iterdir()) == [path]


def test_a_file_is_replaced_and_not_written_over(folder: Path) -> None:
    path = old_file(folder)
    with path.open("rb") as reader:
        if os.name == "posix":
            write_file(path, NEW)
        assert reader.read() == b"what stood here before"


@as_root
def test_a_file_keeps_its_owner_and_its_group(folder: Path) -> None:
    path = old_file(folder, 0o660)
    os.chown(path, 1234, 4321)
    write_file(path, NEW)
    found = path.stat()
    assert (found.st_uid, found.st_gid, permissions(path)) == (1234, 4321, 0o660)
    assert path.read_bytes() == NEW


@as_root
def test_anothers_file_that_one_may_write_stays_anothers(
    folder: Path, user: Callable[[], AbstractContextManager[None]]
) -> None:
    path = old_file(folder, 0o666)
    folder.chmod(0o777)
    with user():
        write_file(path, NEW)
    assert path.stat().st_uid == 0
    assert path.read_bytes() == NEW
    assert list(folder.iterdir()) == [path]


def test_links_lead_to_the_file(folder: Path) -> None:
    path = old_file(folder)
    (folder / "deep").mkdir()
    near, far = folder / "deep" / "near", folder / "far"
    try:
        near.symlink_to(Path("..") / "file")
        far.symlink_to(Path("deep") / "near")
    except OSError:
        pytest.skip("the system does not let one make links")
    write_file(far, NEW)
    assert near.is_symlink()
    assert far.is_symlink()
    assert path.read_bytes() == NEW
    path.unlink()
    assert can_be_written(far)
    write_file(far, NEW)
    assert path.read_bytes() == NEW


@posix
def test_links_in_a_circle_are_the_systems_error(folder: Path) -> None:
    (folder / "a").symlink_to("b")
    (folder / "b").symlink_to("a")
    assert not can_be_written(folder / "a")
    with pytest.raises(OSError, match="a"):
        write_file(folder / "a", NEW)


@posix
def test_a_folder_that_cannot_be_written_keeps_no_file_from_it(
    folder: Path, user: Callable[[], AbstractContextManager[None]]
) -> None:
    path = old_file(folder, 0o666)
    folder.chmod(0o555)
    with user():
        assert can_be_written(path)
        write_file(path, NEW)
        assert not can_be_written(folder / "other")
        with pytest.raises(PermissionError, match="other"):
            write_file(folder / "other", NEW)
    folder.chmod(0o755)
    assert path.read_bytes() == NEW


@posix
def test_a_file_that_is_protected_is_kept(
    folder: Path, user: Callable[[], AbstractContextManager[None]]
) -> None:
    path = old_file(folder, 0o444)
    folder.chmod(0o777)
    with user():
        assert not can_be_written(path)
        with pytest.raises(PermissionError):
            write_file(path, NEW)
    assert path.read_bytes() == b"what stood here before"


@posix
def test_a_full_disk_keeps_the_old_file(folder: Path) -> None:
    import resource

    path = old_file(folder)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_file(path, bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"what stood here before"
    assert list(folder.iterdir()) == [path]


def write_bit_by_bit(path: Path, content: bytes) -> None:
    with written_whole(path) as place:
        place.write_bytes(content)


@posix
@pytest.mark.parametrize("write", [write_file, write_bit_by_bit])
def test_a_pipe_stays_a_pipe(write: Callable[[Path, bytes], None], folder: Path) -> None:
    path = folder / "pipe"
    os.mkfifo(path)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()), daemon=True)
    reader.start()
    assert can_be_written(path)
    write(path, NEW)
    reader.join(timeout=20)
    assert received == [NEW]
    assert path.is_fifo()


@as_root
def test_a_device_stays_a_device(folder: Path) -> None:
    path = folder / "null"
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        path.write_bytes(b"")
    except OSError as error:
        pytest.skip(f"no device can be made here: {error}")
    (folder / "link").symlink_to("null")
    for name in (path, folder / "link"):
        assert can_be_written(name)
        write_file(name, NEW)
        assert path.is_char_device()


@posix
def test_the_standard_output_may_be_the_file() -> None:
    if not Path("/dev/stdout").exists():
        pytest.skip("the system has no /dev/stdout")
    code = "from jitnet.io.files import write_file; write_file('/dev/stdout', b'new content')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == NEW


@as_root
def test_a_mounted_file_is_written_in_place(folder: Path) -> None:
    path, source = old_file(folder), folder / "source"
    source.write_bytes(b"what was mounted, and is longer than what comes")
    mounted = subprocess.run(["mount", "--bind", source, path], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")
    try:
        write_file(path, NEW)
        assert source.read_bytes() == NEW
        assert path.read_bytes() == NEW
    finally:
        subprocess.run(["umount", path], check=True)
    assert path.read_bytes() == b"what stood here before"


@posix
def test_a_file_that_is_written_bit_by_bit_keeps_its_rights(folder: Path) -> None:
    path = old_file(folder, 0o600)
    with written_whole(path) as place:
        place.write_bytes(NEW)
    assert (path.read_bytes(), permissions(path)) == (NEW, 0o600)
    assert [file.name for file in folder.iterdir()] == ["file"]


@posix
def test_a_file_may_be_written_bit_by_bit_in_a_folder_that_cannot_be(
    folder: Path, user: Callable[[], AbstractContextManager[None]]
) -> None:
    path = old_file(folder, 0o666)
    folder.chmod(0o555)
    with user(), written_whole(path) as place:
        place.write_bytes(NEW)
    folder.chmod(0o755)
    assert path.read_bytes() == NEW


def test_what_is_no_place_for_a_file(folder: Path) -> None:
    assert not can_be_written(folder)
    assert not can_be_written(folder / "no" / "file")
    with pytest.raises((IsADirectoryError, PermissionError), match=folder.name):
        write_file(folder, NEW)
    with pytest.raises(FileNotFoundError, match="file"):
        write_file(folder / "no" / "file", NEW)


def test_a_file_that_is_written_bit_by_bit_leaves_a_link_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("file")
    with written_whole(link) as place:
        place.write_bytes(b"new")
    assert link.is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"

"""Nothing in the repository names the machine it was made on, or where its packages came from."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("work", "root", "opt/pypi", "opt/wheels", "tmp/taoli", "home/[a-z]+")
HOSTS = (
    "pypi[.]org",
    "pythonhosted[.]org",
    "npmjs[.](org|com)",
    "npmmirror[.]com",
    "yarnpkg[.]com",
    "proxy[.]golang[.]org",
)
PLACES = re.compile(rf"(?<![\w.~/-])/({'|'.join(FOLDERS)})/")
REGISTRIES = re.compile(rf"(registry|files|mirrors?)[.][\w.-]+/(simple|pypi|packages)|({'|'.join(HOSTS)})")


def kept_files() -> list[Path]:
    """What git keeps, or would keep."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def finds(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for file in kept_files()
        if b"\0" not in (content := file.read_bytes())
        for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_folder_of_the_machine_it_was_made_on():
    assert finds(PLACES) == []


def test_no_file_names_a_package_registry():
    assert finds(REGISTRIES) == []


def test_the_lock_has_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text()

    pinned = re.findall(r"^[a-z0-9-]+==\S+(?: ; [^\n]+)? \\\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)

    assert len(pinned) == len(re.findall(r"^\S", lock, re.MULTILINE)) > 50
    assert "://" not in lock
    assert "--index" not in lock

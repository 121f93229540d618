"""What is shipped: the wheel, built and installed as a company would."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = ("bot", "referral", "scheduler", "storage", "templates")


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that nothing an earlier build left can get into it."""
    source = tmp_path_factory.mktemp("source")
    for name in HOUSE:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source)
    (source / "tests").mkdir()
    (source / "tests" / "__init__.py").touch()
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", source / "dist", cwd=source)
    return next((source / "dist").glob("taoli-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a clean virtual environment that has the wheel."""
    home = tmp_path_factory.mktemp("clean") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=ROOT)
    pip = (sys.executable, "-m", "pip", "--python", home / "bin" / "python", "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=ROOT)
    return home / "bin" / "python"


def test_the_wheel_holds_the_five_packages_and_nothing_else(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == set(HOUSE)


@pytest.mark.parametrize("package", HOUSE)
def test_the_wheel_holds_every_file_of_a_package(wheel: Path, package: str):
    here = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())

    assert {name for name in here if "__pycache__" not in name} - shipped == set()


def test_an_installed_wheel_finds_its_templates_from_anywhere(installed: Path, tmp_path: Path):
    files = len(
        [path for path in (ROOT / "templates").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    )
    count = (
        "import templates; print(sum(p.is_file() and '__pycache__' not in p.parts for p in templates.ROOT.rglob('*')))"
    )

    found = run(installed, "-c", count, cwd=tmp_path)

    assert int(found) == files


def test_an_installed_wheel_has_the_command_and_its_version(installed: Path, tmp_path: Path):
    version = run(installed, "-c", "import bot; print(bot.__version__)", cwd=tmp_path)

    assert (installed.parent / "taoli").exists()
    assert (
        run(installed, "-c", "from importlib.metadata import version; print(version('taoli'))", cwd=tmp_path) == version
    )

"""The first minute on a bare machine: what is missing is said in a plain sentence, before anything is played."""

import os
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.desk import PATIENCE_S, ROOT, TAOLI

MAKE = shutil.which("make") or "make"
OLD = """\
#!/bin/sh
case $1 in
    -V) echo "Python 3.9.2" ;;
    -c) exec "{real}" -c "import sys; sys.version_info = (3, 9, 2, 'final', 0); exec(sys.argv[1])" "$2" ;;
    *) exit 1 ;;
esac
"""
NO_VENV = """\
#!/bin/sh
if [ "$1" = -m ]; then echo "No module named venv" >&2; exit 1; fi
exec "{real}" "$@"
"""
NO_APT = "#!/bin/sh\nexit 100\n"


@pytest.fixture
def machine(tmp_path):
    """A fresh checkout of what `make demo` reads, on a machine whose first programs are in `bin`."""
    checkout = tmp_path / "checkout"
    (checkout / "scripts").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "scripts/venv.sh"):
        shutil.copy(ROOT / name, checkout / name)
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin" / "apt-get", NO_APT)
    return checkout


def program(file: Path, text: str) -> None:
    file.write_text(text.format(real=sys.executable))
    file.chmod(0o755)


def make_demo(checkout: Path, python: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """`make demo` with the interpreter of that text in front of the machine's own."""
    programs = checkout.parent / "bin"
    if python:
        program(programs / "python3", python)
    path = os.pathsep.join((str(programs), str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        [MAKE, "demo", "PYTHON=python3"],
        cwd=checkout,
        env=os.environ | {"PATH": path, "MAKEFLAGS": "", "MAKELEVEL": "0"} | environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def spoken(told: subprocess.CompletedProcess[str]) -> list[str]:
    """What was said, without make's own last word."""
    return [line for line in told.stderr.splitlines() if not line.startswith("make")]


def test_a_python_that_is_too_old_is_named_with_what_to_do(machine):
    told = make_demo(machine, OLD)

    assert told.returncode != 0
    assert spoken(told) == [
        "需要 Python 3.11 以上，python3 是 Python 3.9.2。换一个：make demo PYTHON=python3.12",
        "Python 3.11 or newer is needed, and python3 is Python 3.9.2. Another one: make demo PYTHON=python3.12",
    ]
    assert told.stdout == ""
    assert not (machine / ".venv").exists()


def test_a_python_that_is_not_there_is_said(machine):
    told = subprocess.run(
        ["bash", "scripts/venv.sh", "python3.99", ".venv"], cwd=machine, capture_output=True, text=True, check=False
    )

    assert told.returncode == 1
    assert "没有找到 python3.99" in told.stderr
    assert "python3.99 was not found" in told.stderr


def test_a_python_without_its_venv_module_is_said_with_the_package_to_install(machine):
    told = make_demo(machine, NO_VENV)

    assert told.returncode != 0
    assert "Traceback" not in told.stderr
    log = machine / ".cache" / "install.log"
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    chinese, english = spoken(told)[-2:]
    assert chinese.startswith(f"python3 建不了虚拟环境，记录在 {log}。")
    assert english.startswith(f"python3 cannot make a virtual environment; see {log}.")
    assert chinese.endswith(f"sudo apt-get install -y {package}")
    assert english.endswith(f"sudo apt-get install -y {package}")
    assert "No module named venv" in log.read_text()


def test_packages_that_cannot_be_had_are_said_in_a_few_lines_with_the_logs_place(machine):
    told = make_demo(machine, PIP_NO_INDEX="1", PIP_FIND_LINKS="")

    said = spoken(told)
    assert told.returncode != 0
    assert [line[:5] for line in said[:2]] == ["[1/3]", "[2/3]"]
    assert "Installing failed" in said[2]
    assert any("ERROR: No matching distribution found" in line for line in said)
    assert said[-1] == f"Everything is in {machine}/.cache/install.log; mend it and run the same command again."
    assert len(said) <= 10
    assert "Traceback" not in told.stderr
    assert not (machine / ".venv" / ".stamp").exists()


def test_a_busy_port_is_said_before_the_story_begins(tmp_path):
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        told = subprocess.run(
            [*TAOLI, "demo", "--port", str(port), "--data", str(tmp_path / "data")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    assert told.returncode == 1
    assert told.stdout == ""
    assert told.stderr.startswith(f"taoli: 端口 {port} 已被占用，换一个 · Port {port} is not free, choose another: ")
    assert told.stderr.rstrip().endswith(f'make demo ARGS="--port {port + 1 if port < 65535 else 8001}"')
    assert told.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()

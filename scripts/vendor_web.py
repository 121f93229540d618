"""Bring the browser scripts of others into `templates/pages/vendor/`, checked by hash, each with its licence beside it.

Pages load nothing from elsewhere (design §3.9), so what they need is committed. WeChat's own JS-SDK is not among
it: npm has it (weixin-js-sdk) only as others put it there, under a licence that its owner, Tencent, did not give. A
company brings that file itself, into `jssdk` in its data folder. Run this only to renew what is here:

    python scripts/vendor_web.py [--out DIR]
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

LICENCES = {"MIT", "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC"}

MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One file of one npm package; `sha512` is that of the package's archive, as npm names it.

    `licence_file` stands in the package; where it has none, `notice` and the licence's own text are written instead.
    """

    package: str
    version: str
    sha512: str
    file: str
    name: str
    licence: str
    notice: str
    licence_file: str = ""


SCRIPTS = (
    Script(
        package="@wecom/jssdk",
        version="2.4.4",
        sha512="CoMxyTvlpR2sz+KC+0kfnbdJj19EjJg7HAU/52LUW6dPUDEvW3NV40LNhWUnvqFg49y3zJswyGVFeraDcKc0Kw==",
        file="dist/wecom.global.prod.js",
        name="wecom-jssdk",
        licence="MIT",
        notice="@wecom/jssdk 2.4.4, by Tencent WeCom (github.com/TencentWecom/wecom-jssdk). Its package.json declares\n"
        "the MIT licence; the package has no licence file of its own.\n",
    ),
    Script(
        package="htmx.org",
        version="2.0.11",
        sha512="Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzDDWFvBTqjnIMCgELTNt636dtamA==",
        file="dist/htmx.min.js",
        name="htmx",
        licence="0BSD",
        notice="htmx 2.0.11 (github.com/bigskysoftware/htmx).\n",
        licence_file="LICENSE",
    ),
    Script(
        package="htmx-ext-sse",
        version="2.2.4",
        sha512="LJmxVhykyflBWgh5PvbRidcyuqMHlgfajmmzumvKctv9puvsufeH6OaejSMZTNTnEI8O2wXXn4ZZtBdpEMqmEQ==",
        file="dist/sse.min.js",
        name="htmx-sse",
        licence="0BSD",
        notice="htmx-ext-sse 2.2.4 (github.com/bigskysoftware/htmx-extensions).\n",
        licence_file="LICENSE",
    ),
)


@click.command()
@click.option("--out", type=click.Path(path_type=Path, exists=True), default=Path("templates/pages/vendor"))
def main(out: Path) -> None:
    """Write each script and its licence into OUT."""
    for script in SCRIPTS:
        with tempfile.TemporaryDirectory() as folder:
            _bring(script, Path(folder), out)


def _bring(script: Script, folder: Path, out: Path) -> None:
    archive = _packed(script, folder)
    with tarfile.open(archive) as package:
        declared = json.loads(_read(package, "package.json"))
        if declared.get("license", script.licence) != script.licence or script.licence not in LICENCES:
            sys.exit(f"{script.package}: licence {declared['license']}, expected {script.licence}")
        code = _read(package, script.file)
        own = _read(package, script.licence_file).decode() if script.licence_file else MIT
    (out / f"{script.name}.js").write_bytes(code)
    (out / f"{script.name}.txt").write_text(f"{script.notice}\n{own}", encoding="utf-8")
    click.echo(f"{script.name}.js: {len(code):,} bytes, sha256 {hashlib.sha256(code).hexdigest()}", err=True)


def _packed(script: Script, folder: Path) -> Path:
    """The package's archive, as npm gives it; nothing in it is run."""
    command = ["npm", "pack", f"{script.package}@{script.version}", "--ignore-scripts", "--silent"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    archive = next(folder.glob("*.tgz"))
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != script.sha512:
        sys.exit(f"{script.package}: SHA-512 {found}, expected {script.sha512}")
    return archive


def _read(package: tarfile.TarFile, name: str) -> bytes:
    file = package.extractfile(f"package/{name}")
    assert file
    return file.read()


if __name__ == "__main__":
    main()

"""Published files behind nginx, and a headless Chromium that looks at them."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
AXE = Path(os.environ.get("AXE_CORE", ROOT / ".venv/node_modules/axe-core/axe.min.js"))

_NGINX_CONF = """
daemon off;
worker_processes 1;
pid {place}/nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off;
    types {{ text/html html; text/css css; application/javascript js; application/json json; }}
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    server {{
        listen 127.0.0.1:{port};
        charset utf-8;
        location / {{
            root {www};
            ssi on;
        }}
        location /_headlines/ {{
            alias {current}/;
            gzip_static on;
            error_page 404 = @no_headlines;
        }}
        location @no_headlines {{
            default_type text/html;
            return 200 "";
        }}
    }}
}}
"""

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0", "--virtual-time-budget=8000"),
)


# What the browser asks for itself whatever page it opens, flags or not; no page of ours names one.
_OWN_SERVICE = re.compile(r"\.(google|googleapis|gvt1)\.com$")


@contextmanager
def nginx(place: Path, www: Path, current: Path) -> Iterator[str]:
    """Serves `www` with server-side includes, and the blocks below /_headlines/; its address."""
    assert NGINX is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place.mkdir()
    for directory in (*place.parents, place, www):
        if directory.is_relative_to(place.parent):
            directory.chmod(0o755)
    conf = place / "nginx.conf"
    user = "user root;\n" if os.geteuid() == 0 else ""
    conf.write_text(user + _NGINX_CONF.format(place=place, port=port, www=www, current=current))
    with (place / "log").open("wb") as log:
        process = subprocess.Popen([NGINX, "-p", place, "-c", conf], stderr=log)
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "nginx ended"
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        try:
            process.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError("nginx does not listen")


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a page: its DOM as text, the console's lines, the origins asked."""

    dom: str
    console: tuple[str, ...]
    origins: frozenset[str]


def look_at(url: str, place: Path, *, dark: bool = False, width: int = 1280) -> Seen:
    """Opens `url` in a browser with no past."""
    assert CHROMIUM is not None
    place.mkdir()
    log = place / "net.json"
    done = subprocess.run(
        [
            CHROMIUM,
            *_FLAGS,
            f"--user-data-dir={place / 'profile'}",
            f"--log-net-log={log}",
            f"--window-size={width},900",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--dump-dom",
            url,
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    console = tuple(line for line in done.stderr.splitlines() if "CONSOLE" in line)
    return Seen(done.stdout, console, _origins(log))


def _origins(log: Path) -> frozenset[str]:
    """Of every request the browser began for a page, its own services' aside."""
    text = log.read_text()
    try:
        events = json.loads(text)["events"]
    except ValueError:  # cut off at the end of the process
        events = json.loads(text.rstrip().rstrip(",") + "]}")["events"]
    urls = {event.get("params", {}).get("url", "") for event in events}
    parts = [urlsplit(url) for url in urls if isinstance(url, str)]
    return frozenset(
        f"{part.scheme}://{part.netloc}"
        for part in parts
        if part.scheme in ("http", "https") and not _OWN_SERVICE.search(part.hostname or "")
    )


def with_axe(html: str) -> str:
    """The same page with axe-core, which leaves what it found in `data-axe` of the body."""
    policy = html.find('<meta http-equiv="Content-Security-Policy"')
    if policy >= 0:
        html = html[:policy] + html[html.index(">", policy) + 1 :]
    run = (
        "<script src='/axe.js'></script><script>axe.run().then(function (r) {"
        "document.body.setAttribute('data-axe', JSON.stringify(r.violations.map("
        "function (v) { return v.id + ' ' + v.nodes[0].html; }))); });</script>"
    )
    return html.replace("</body>", f"{run}</body>")


def with_ruler(html: str) -> str:
    """The same page, which leaves in `data-wide` of the body what is wider than its place."""
    policy = html.find('<meta http-equiv="Content-Security-Policy"')
    if policy >= 0:
        html = html[:policy] + html[html.index(">", policy) + 1 :]
    run = (
        "<script>addEventListener('load', function () { document.body.setAttribute('data-wide',"
        " JSON.stringify(Array.from(document.querySelectorAll('*')).filter(function (e) {"
        " return e.scrollWidth > e.clientWidth && e.clientWidth > 1"
        " && getComputedStyle(e).overflowX !== 'visible' || e === document.documentElement"
        " && e.scrollWidth > innerWidth; }).map(function (e) {"
        " return e.tagName + '.' + e.className + ' ' + e.scrollWidth + ' in ' + e.clientWidth;"
        " }))); });</script>"
    )
    return html.replace("</body>", f"{run}</body>")


def demo(directory: Path) -> Path:
    """The made-up family, published; its feeds.yaml."""
    command = [sys.executable, "-m", "aggregator", "demo", "--dir", str(directory)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return directory / "feeds.yaml"

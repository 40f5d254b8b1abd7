"""Many requests at once to a real server: wrk where it is installed, else threads of this process."""

from __future__ import annotations

import http.client
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping

CONNECTIONS = 8


def requests_a_second(port: int, path: str, headers: Mapping[str, str], seconds: int) -> float:
    """How many were answered with success. Raises `RuntimeError` where one was not."""
    status, _ = once(port, path, headers)
    if status != 200:
        raise RuntimeError(f"{path} answers {status}")
    return _wrk(port, path, headers, seconds) if shutil.which("wrk") else _threads(port, path, headers, seconds)


def once(port: int, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """One GET: its status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def _wrk(port: int, path: str, headers: Mapping[str, str], seconds: int) -> float:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if bad := re.search(r"Non-2xx or 3xx responses: (\d+)", said):
        raise RuntimeError(f"{path}: {bad[1]} answers were no success")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found is not None, said
    return float(found[1])


def _threads(port: int, path: str, headers: Mapping[str, str], seconds: int) -> float:
    counts, end = [0] * CONNECTIONS, time.monotonic() + seconds

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < end:
            connection.request("GET", path, headers=dict(headers))
            answer = connection.getresponse()
            answer.read()
            counts[number] += answer.status == 200
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds

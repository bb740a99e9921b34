"""Packs the Lambda binary as Lambda expects it: a zip with one executable file named `bootstrap`.

    pack.py BOOTSTRAP ZIP

The same binary always gives the same zip. It builds nothing.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path


def pack(bootstrap: Path, level: int = 9) -> bytes:
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", compresslevel=level) as archive:
        archive.writestr(entry, bootstrap.read_bytes(), compresslevel=level)
    return package.getvalue()


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.write_bytes(pack(source))
    print(f"{target}: {target.stat().st_size / 1e6:.1f} MB, from {source.stat().st_size / 1e6:.1f} MB")

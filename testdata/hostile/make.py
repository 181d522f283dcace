#!/usr/bin/env python3
"""Makes the hostile archives beside it, always the same bytes, and `expected.tsv`: the kind of problem each must tell.

python3 testdata/hostile/make.py
"""

import gzip
import io
import os
import struct
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
LINE = b"E0119 22:11:49.705596 1 client.go:48] Operation failed, retrying with backoff.\n"


def tar_header(name, size=0, kind=b"0", link=b"", size_field=None):
    field = size_field or b"%011o\0" % size
    block = name[:100].ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + field + b"14200000000\0"
    block += b" " * 8 + kind + link[:100].ljust(100, b"\0") + b"ustar\00000"
    block = block.ljust(512, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def member(name, content, **more):
    return tar_header(name, len(content), **more) + content + b"\0" * (-len(content) % 512)


END = b"\0" * 1024
GOOD = member(b"good.log", LINE)


def gz(data):
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as file:
        file.write(data)
    return out.getvalue()


def zipped(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, (2023, 1, 19, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, content)
    return out.getvalue()


def changed(data, at, value):
    return data[:at] + value + data[at + len(value):]


def nested(depth):
    data = LINE
    for _ in range(depth):
        data = gz(data)
    return data


def archives():
    plain_zip = zipped([("a.log", LINE), ("b.log", LINE * 20)])
    directory = plain_zip.index(b"PK\1\2")
    yield "tar-claims-8-eib.tar", "truncated", tar_header(b"huge", size_field=b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7) + LINE
    yield "tar-negative-size.tar", "truncated", GOOD + tar_header(b"less", size_field=b"\xff" * 12) + END
    yield "tar-cut-in-header.tar", "truncated", GOOD + tar_header(b"cut")[:200]
    yield "tar-no-end.tar", "truncated", GOOD
    yield "tar-bad-checksum.tar", "corrupt", GOOD + changed(member(b"bad.log", LINE), 148, b"0000000") + GOOD + END
    yield "tar-damaged-first.tar", "corrupt", changed(member(b"first.log", LINE), 257, b"vstar") + GOOD + END
    yield "tar-garbage-behind.tar", "corrupt", GOOD + END + b"garbage " * 100
    yield "tar-same-names.tar", "duplicate", GOOD + GOOD + END
    yield "tar-links.tar", "skipped", (
        tar_header(b"l", kind=b"2", link=b"/etc/passwd") + tar_header(b"d", kind=b"3") + tar_header(b"f", kind=b"6") + GOOD + END
    )
    yield "tar-names.tar", None, (
        member(b"../../../etc/cron.d/x", LINE) + member(b"/absolute", LINE) + member(b"\x1b]0;title\x07\x1b[2J", LINE)
        + member("\u202egol.txt".encode(), LINE) + member(b"\xff\xfe\xfd", LINE) + member(b"", LINE) + END
    )
    yield "tar-long-name.tar", None, member(b"././@LongLink", b"n" * 100_000 + b"\0", kind=b"L") + GOOD + END
    yield "tar-long-name-alone.tar", "truncated", member(b"././@LongLink", b"name\0", kind=b"L")
    yield "tar-pax-invalid.tar", "corrupt", member(b"pax", b"99 path=\n", kind=b"x") + GOOD + END
    yield "gz-cut.gz", "truncated", gz(os_text(2000))[:-40]
    yield "gz-checksum.gz", "checksum", changed(gz(LINE), len(gz(LINE)) - 8, b"\0\0\0\0")
    yield "gz-length.gz", "checksum", changed(gz(LINE), len(gz(LINE)) - 4, b"\0\0\0\1")
    yield "gz-garbage-behind.gz", "corrupt", gz(LINE) + b"garbage"
    yield "gz-block-type.gz", "corrupt", gz(b"")[:10] + b"\x07" + b"\xff" * 30
    yield "gz-unknown-method.gz", "corrupt", b"\x1f\x8b\x09" + gz(LINE)[3:]
    yield "gz-nested-40.gz", "limit", nested(40)
    yield "gz-bomb.gz", None, gz(b"\0" * (4 << 20))
    yield "gz-nested-9.gz", "limit", nested(9)
    yield "zip-overlap.zip", "corrupt", changed(plain_zip, directory + 20, struct.pack("<I", 1 << 30))
    yield "zip-no-directory.zip", "corrupt", plain_zip[:directory]
    yield "zip-entry-missing.zip", "corrupt", changed(plain_zip, plain_zip.index(b"PK\5\6") + 10, b"\3\0")
    yield "zip-checksum.zip", "checksum", changed(plain_zip, directory + 16, b"\0\0\0\0")
    yield "zip-encrypted.zip", "unsupported", changed(plain_zip, directory + 8, b"\1\0")
    yield "zip-method.zip", "unsupported", changed(plain_zip, directory + 10, b"\x63\0")
    yield "zip-names.zip", None, zipped([("../../x", LINE), ("/y", LINE), ("\x1b[31mred", LINE)])
    yield "xz-garbage.xz", "corrupt", b"\xfd7zXZ\0" + b"\xff" * 60
    yield "zst-window.zst", "limit", b"\x28\xb5\x2f\xfd\x00\xb0" + b"\x01\x00\x00"
    yield "bz2-garbage.bz2", "corrupt", b"BZh91AY&SY" + b"\xff" * 60


def os_text(lines):
    return b"".join(b"I0101 00:00:00.%06d 1 x.go:1] %08x\n" % (n, zlib.crc32(b"%d" % n)) for n in range(lines))


def main():
    expected = []
    for name, kind, data in archives():
        with open(os.path.join(HERE, name), "wb") as out:
            out.write(data)
        expected.append(f"{name}\t{kind or '-'}\n")
    with open(os.path.join(HERE, "expected.tsv"), "w", encoding="utf-8") as out:
        out.writelines(expected)


if __name__ == "__main__":
    main()

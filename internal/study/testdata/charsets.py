"""Writes charsets.json: names in every character set of the standard, as bytes, and what they say.

    python3 charsets.py > charsets.json

What a name says is what pydicom decodes, of a data set in a file of its own, checked against the text that was encoded.
pydicom knows no ISO_IR 203 and none of the names outside the standard; those are encoded and decoded by Python's codecs.
"""

import io
import json
import sys
import warnings

import pydicom

ESC = b"\x1b"


def latin(codec: str, *names: str) -> list[tuple[bytes, str]]:
    return [(n.encode(codec), n) for n in names]


def raised(codec: str, seq: bytes, text: str) -> bytes:
    """Each part of a name behind the escape sequence of a set whose bytes are above 127, as the standard's examples."""

    def part(p: str) -> bytes:
        return p.encode() if p.isascii() else ESC + seq + p.encode(codec)

    return b"=".join(b"^".join(part(p) for p in g.split("^")) for g in text.split("="))


def japanese(text: str, codec: str = "iso2022_jp") -> bytes:
    """Each part of a name in ISO 2022, which goes back to ASCII at its end."""
    return b"=".join(b"^".join(p.encode(codec) for p in g.split("^")) for g in text.split("="))


def roman(text: str) -> bytes:
    """Kanji whose parts end in the Roman set instead of ASCII, as files with ISO 2022 IR 13 have it."""
    return japanese(text).replace(ESC + b"(B", ESC + b"(J")


KOREAN = ("Hong^Gildong=洪^吉洞=홍^길동", "Kim^Cheolsu=金^哲洙=김^철수", "Lee^Younghee==이^영희", "Ahn^Sook=安^淑=안^숙")
SINGLE = {
    "100": ("latin_1", "Buc^Jérôme", "Äneas^Rüdiger", "Muñoz^Íñigo"),
    "101": ("iso8859_2", "Wałęsa^Łukasz", "Dvořák^Šárka"),
    "109": ("iso8859_3", "Ĝangalo^Ŭilo", "Ċensu^Ħamrun"),
    "110": ("iso8859_4", "Bērziņš^Ģirts", "Ķēniņš^Ieva"),
    "144": ("iso8859_5", "Люкceмбypг", "Иванов^Пётр"),
    "127": ("iso8859_6", "قباني^لنزار"),
    "126": ("iso8859_7", "Διονυσιος", "Παπαδόπουλος^Νίκος"),
    "138": ("iso8859_8", "שרון^דבורה"),
    "148": ("iso8859_9", "Çavuşoğlu", "Yılmaz^Işık"),
    "166": ("iso8859_11", "นามสกุล^ชื่อ", "สมชาย^ใจดี"),
}
ESCAPES = {
    "100": b"-A", "101": b"-B", "109": b"-C", "110": b"-D", "144": b"-L", "127": b"-G", "126": b"-F", "138": b"-H",
    "148": b"-M", "166": b"-T",
}


def cases() -> list[tuple[str, bytes, str, bool]]:
    """(Specific Character Set, bytes, text, pydicom decodes it)"""
    out: list[tuple[str, bytes, str, bool]] = [("", b"Yamada^Tarou", "Yamada^Tarou", True)]
    for number, (codec, *names) in SINGLE.items():
        for raw, name in latin(codec, *names):
            out.append((f"ISO_IR {number}", raw, name, True))
            out.append((f"ISO 2022 IR {number}", raw, name, True))
        for name in names:
            out.append((f"\\ISO 2022 IR {number}", raised(codec, ESCAPES[number], name), name, True))
            both = name + "=" + name
            out.append((f"\\ISO 2022 IR {number}", raised(codec, ESCAPES[number], both), both, True))
            # A set beside another: the first is in force until the escape, and again behind the delimiter.
            if number != "100":
                mixed = "Jérôme".encode("latin_1") + b"^" + raised(codec, ESCAPES[number], name.split("^")[0])
                text = "Jérôme^" + name.split("^")[0]
                out.append((f"ISO 2022 IR 100\\ISO 2022 IR {number}", mixed, text, True))
    for name in KOREAN:
        out.append(("\\ISO 2022 IR 149", raised("euc_kr", b"$)C", name), name, True))
        out.append(("ISO 2022 IR 6\\ISO 2022 IR 149", raised("euc_kr", b"$)C", name), name, True))
        out.append(("ISO_IR 192", name.encode(), name, True))
        # Outside the standard, and met every day.
        for named in ("ISO_IR 149", "ISO 2022 IR 149", "\\ISO 2022 IR 149", "EUC-KR", "KS_C_5601", ""):
            out.append((named, name.encode("euc_kr"), name, False))
    for name in ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Suzuki^Ichiro=鈴木^一郎=すずき^いちろう"):
        out.append(("\\ISO 2022 IR 87", japanese(name), name, True))
        out.append(("ISO_IR 192", name.encode(), name, True))
    for name in ("Yamada^Tarou=山田^太郎",):
        kana = "ﾔﾏﾀﾞ^ﾀﾛｳ"
        raw = kana.encode("shift_jis") + b"=" + roman("山田^太郎") + b"=" + roman("やまだ^たろう")
        out.append(("ISO 2022 IR 13\\ISO 2022 IR 87", raw, kana + "=山田^太郎=やまだ^たろう", True))
        out.append(("ISO_IR 13", kana.encode("shift_jis"), kana, True))
        out.append(("\\ISO 2022 IR 13", raised("shift_jis", b")I", kana), kana, True))
        out.append(("\\ISO 2022 IR 87\\ISO 2022 IR 159", japanese("Yamada^Tarou=あいかー=丂丄", "iso2022_jp_2"),
                    "Yamada^Tarou=あいかー=丂丄", True))
    for name in ("Wang^XiaoDong=王^小东", "Zhang^XiaoDong=张^小东", "Li^Ming=李^明"):
        out.append(("GB18030", name.encode("gb18030"), name, True))
        out.append(("GBK", name.encode("gbk"), name, True))
        out.append(("\\ISO 2022 IR 58", raised("gb2312", b"$)A", name), name, False))  # pydicom leaves its escapes in
        out.append(("ISO_IR 192", name.encode(), name, True))
        out.append(("ISO_IR 58", name.encode("gb2312"), name, False))
    rare = "Wang^XiaoDong=𠀀^㐂"
    out.append(("GB18030", rare.encode("gb18030"), rare, True))
    euro = "Œuvre^Žižka=€"
    out.append(("ISO_IR 203", euro.encode("iso8859_15"), euro, False))
    out.append(("\\ISO 2022 IR 203", raised("iso8859_15", b"-b", "Jérôme^Œuvre"), "Jérôme^Œuvre", False))
    # Spellings that pydicom corrects too.
    out.append(("ISO-IR 100", "Buc^Jérôme".encode("latin_1"), "Buc^Jérôme", True))
    out.append(("ISO_2022_IR_100", "Buc^Jérôme".encode("latin_1"), "Buc^Jérôme", True))
    return out


def decoded(sets: str, raw: bytes) -> str:
    """The name as pydicom reads it from a file."""
    head = b"\0" * 128 + b"DICM"
    meta = element(0x0002, 0x0010, b"UI", b"1.2.840.10008.1.2.1\0")
    body = b""
    if sets:
        body += element(0x0008, 0x0005, b"CS", sets.encode() + b" " * (len(sets) % 2))
    body += element(0x0010, 0x0010, b"PN", raw + b" " * (len(raw) % 2))
    read = pydicom.dcmread(io.BytesIO(head + meta + body))
    return str(read.PatientName).rstrip(" ")


def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    return group.to_bytes(2, "little") + number.to_bytes(2, "little") + vr + len(value).to_bytes(2, "little") + value


def main() -> None:
    warnings.simplefilter("ignore")
    rows = []
    for sets, raw, text, known in cases():
        if known and decoded(sets, raw) != text:
            sys.exit(f"pydicom {pydicom.__version__} reads {decoded(sets, raw)!r} of {raw!r} in {sets!r}, not {text!r}")
        rows.append({"sets": sets, "hex": raw.hex(), "text": text, "pydicom": known})
    json.dump(rows, sys.stdout, ensure_ascii=False, indent=0)
    print()


main()

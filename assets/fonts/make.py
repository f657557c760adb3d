"""Makes the program's two font files from Pretendard (SIL Open Font License 1.1).

    npm pack pretendard@1.3.9 && tar xzf pretendard-1.3.9.tgz
    pip install fonttools
    python make.py package/dist/public/static/alternative

What changes: digits are tabular without asking for a feature (Fyne has no way to ask), layout features that the program
never switches on go, and so do glyph names. The licence reserves the name "Pretendard", so the result is called
"Echoline Sans".
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

NAME = "Echoline Sans"
STYLES = {"Regular": "Regular", "SemiBold": "Bold"}


def tabular(font: TTFont) -> None:
    """Points the code points of the digits at their glyphs of equal width."""
    gsub = font["GSUB"].table
    swap = {}
    for record in gsub.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for table in gsub.LookupList.Lookup[index].SubTable:
                    swap.update(getattr(table, "ExtSubTable", table).mapping)
    for table in font["cmap"].tables:
        for char in "0123456789":
            if ord(char) in table.cmap:
                table.cmap[ord(char)] = swap.get(table.cmap[ord(char)], table.cmap[ord(char)])
    widths = {font["hmtx"][font.getBestCmap()[ord(c)]][0] for c in "0123456789"}
    if len(widths) != 1:
        raise SystemExit(f"digits are not of one width: {widths}")


def rename(font: TTFont, style: str) -> None:
    """Removes the reserved name from every record but the copyright and licence."""
    names = font["name"]
    names.names = [n for n in names.names if n.nameID in (0, 13, 14) and n.langID == 0x409]
    for key, value in {1: NAME, 2: style, 3: f"1.3.9;{NAME} {style}", 4: f"{NAME} {style}", 5: "Version 1.309",
                       6: f"{NAME.replace(' ', '')}-{style}"}.items():
        names.setName(value, key, 3, 1, 0x409)


def make(source: Path, style: str, target: Path) -> None:
    font = TTFont(source)
    tabular(font)
    options = subset.Options(layout_features=["ccmp", "locl", "mark", "mkmk", "kern"], glyph_names=False, hinting=False,
                             notdef_outline=True, name_IDs=["*"], drop_tables=["DSIG"])
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=font.getBestCmap().keys())
    subsetter.subset(font)
    rename(font, style)
    font.save(target)
    print(target, target.stat().st_size)


if __name__ == "__main__":
    for weight, style in STYLES.items():
        make(Path(sys.argv[1]) / f"Pretendard-{weight}.ttf", style, Path(__file__).parent / f"EcholineSans-{style}.ttf")

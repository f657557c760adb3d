"""Writes testdata/pictures: small WebP and BMP files, and what Pillow makes of the lossy ones. Needs Pillow and NumPy."""

import pathlib

import numpy as np
from PIL import Image

out = pathlib.Path(__file__).parent / "pictures"
out.mkdir(exist_ok=True)
y, x = np.mgrid[0:24, 0:32]
rgb = np.stack([x * 8, y * 10, 255 - x * 8], -1).clip(0, 255).astype("uint8")
grey = (x * 8).clip(0, 255).astype("uint8")
flat = np.zeros((16, 16, 3), "uint8")
flat[:, 8:] = 255
Image.fromarray(rgb).save(out / "lossless.webp", lossless=True)
Image.fromarray(rgb).save(out / "lossy.webp", quality=95, method=6)
Image.fromarray(flat).save(out / "blackwhite.webp", quality=100)
Image.fromarray(np.dstack([rgb, np.full((24, 32), 128, "uint8")])).save(out / "alpha.webp", quality=95)
Image.fromarray(rgb).save(out / "film.webp", save_all=True, append_images=[Image.fromarray(255 - rgb)], duration=40)
Image.fromarray(rgb).save(out / "rgb.bmp")
Image.fromarray(grey).save(out / "grey.bmp")
Image.fromarray((grey > 100).astype("uint8") * 255).convert("1").save(out / "bits.bmp")
for name in ("lossy.webp", "blackwhite.webp"):
    Image.open(out / name).convert("RGB").save(out / (name + ".png"))

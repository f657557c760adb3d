"""Make resample.json: small pictures and what PyTorch's antialiased bilinear interpolation makes of them.

usage: python make_resample.py      (needs torch; writes beside itself; the same bytes each time)
"""
import json
import os

import torch

SIZES = [((5, 7), (4, 3)), ((29, 13), (8, 8)), ((4, 6), (9, 17)), ((1, 1), (3, 5)), ((3, 40), (3, 5)), ((9, 2), (2, 9)),
         ((16, 16), (16, 16)), ((11, 23), (10, 21)), ((64, 3), (1, 1)), ((30, 30), (7, 31))]


def main():
    torch.manual_seed(7)
    cases = []
    for size, to in SIZES:
        x = torch.rand(1, 1, *size)
        y = torch.nn.functional.interpolate(x, size=to, mode="bilinear", align_corners=False, antialias=True)
        cases.append({"h": size[0], "w": size[1], "to_h": to[0], "to_w": to[1],
                      "in": [round(v, 7) for v in x.flatten().tolist()], "out": [round(v, 7) for v in y.flatten().tolist()]})
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "resample.json"), "w") as f:
        json.dump(cases, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()

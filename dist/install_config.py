#!/usr/bin/env python3
"""Install the configuration where there is none yet: what an operator has written is never overwritten.

Usage: install_config.py FILE FOLDER      run by `meson install`, which says in the environment where the prefix is
"""
import os
import pathlib
import shutil
import sys


def main(file, folder):
    if os.environ.get("MESON_INSTALL_DRY_RUN"):
        return
    place = pathlib.Path(os.environ["MESON_INSTALL_PREFIX"]) / folder / pathlib.Path(file).name
    place = pathlib.Path(os.environ.get("DESTDIR", "") + str(place))
    if place.exists():
        print(f"{place} is kept; the new one is among the examples")
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, place)


if __name__ == "__main__":
    main(*sys.argv[1:])

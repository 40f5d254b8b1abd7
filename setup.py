"""What pyproject.toml cannot say: the migrations, which lie at the top of the repository, are inside the package."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup

# What an earlier build left there would go into the wheel, too: files that are deleted since.
shutil.rmtree(Path(__file__).resolve().parent / "build", ignore_errors=True)

setup(
    packages=[*find_packages(include=["fastpix", "fastpix.*"]), "fastpix.migrations", "fastpix.migrations.versions"],
    package_dir={"fastpix.migrations": "migrations"},
)

from setuptools import find_packages, setup

METRICS = ["prometheus-client"]

setup(
    name="jobline",
    version="0.9",
    packages=find_packages(include=["jobline*"]),
    install_requires=[],
    extras_require={"metrics": METRICS},
)

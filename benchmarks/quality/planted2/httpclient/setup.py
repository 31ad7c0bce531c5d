from setuptools import find_packages, setup

setup(
    name="courier",
    version="0.9.2",
    package_dir={"": "src"},
    packages=find_packages("src"),
    install_requires=[],
)

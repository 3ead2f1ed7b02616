from setuptools import setup; setup()  # noqa: E702 - everything is in pyproject.toml

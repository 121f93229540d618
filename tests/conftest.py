"""What every test may ask for: databases and a browser."""

pytest_plugins = ["tests.fixtures.databases", "tests.fixtures.browsers"]

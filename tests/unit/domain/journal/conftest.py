import itertools, pathlib, psycopg, pytest

n = itertools.count()


@pytest.fixture
def database():
    import os

    name = f"t_{os.getpid()}_{next(n)}"
    base = "host=127.0.0.1 port=55999 user=postgres dbname="
    with psycopg.connect(base + "postgres", autocommit=True) as c:
        c.execute(f"CREATE DATABASE {name} TEMPLATE jtemplate")
    yield base + name
    with psycopg.connect(base + "postgres", autocommit=True) as c:
        c.execute(f"DROP DATABASE {name} WITH (FORCE)")

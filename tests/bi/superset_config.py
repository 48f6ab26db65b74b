"""Superset as the test starts it: everything in one folder, its secret from the environment."""

import os

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db"
WTF_CSRF_ENABLED = False  # the test's browser logs in by a form of its own
TALISMAN_ENABLED = False  # no https here

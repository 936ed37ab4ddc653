"""The ASGI object that ``streamlit run dashboard/app.py`` serves."""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # "streamlit run" puts only this directory there
    sys.path.insert(0, str(HERE.parent))

import pandas  # noqa: E402, F401
import plotly.graph_objects  # noqa: E402, F401
import streamlit as st  # noqa: E402
from starlette.concurrency import run_in_threadpool  # noqa: E402

from core import sending  # noqa: E402
from core.analytics.kept import kept_in_background  # noqa: E402
from dashboard import feedback, logs, session, start_up  # noqa: E402
from dashboard.web.middleware import MIDDLEWARE  # noqa: E402
from dashboard.web.routes import ROUTES  # noqa: E402


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    with logs.tidied():
        await run_in_threadpool(start_up.prepare)
        # Streamlit collects garbage after each run of a script; what was imported by now never
        # becomes garbage, and looking through it took most of a run.
        gc.collect()
        gc.freeze()
        database = session.database()
        with (
            sending.in_background(database, session.configured()),
            kept_in_background(database),
        ):
            yield
    session.database().dispose()


app = st.App(
    HERE / "router.py",
    lifespan=lifespan,
    routes=ROUTES,
    middleware=MIDDLEWARE,
    on_script_error=feedback.report,
)

"""Entry of the dashboard: page settings, the choice of a run, and the four pages.

Started by `aisle dashboard [RUNS]`, which calls `python -m dashboard RUNS`.
"""

from pathlib import Path

import streamlit as st

from dashboard.components.choice import choose_run
from dashboard.components.new_run import adopt_started
from dashboard.views import privacy, receipts, runs, store

st.set_page_config(page_title="Glass Aisle", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")

pages = [
    st.Page(runs.show, title="Runs", icon=":material/list:", default=True),
    st.Page(store.show, title="Store", icon=":material/map:", url_path="store"),
    st.Page(receipts.show, title="Receipts", icon=":material/receipt_long:", url_path="receipts"),
    st.Page(privacy.show, title="Privacy and usage", icon=":material/visibility:", url_path="privacy"),
]
page = st.navigation(pages)
adopt_started()
choose_run()
page.run()

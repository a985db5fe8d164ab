"""Puts parts that `sim.report` made into a page, each with its own style."""

import streamlit as st

from sim.report.page import parts_css


def show_part(html: str) -> None:
    """One part, styled as in the report page."""
    st.html(f"<style>{parts_css()}</style>{html}")

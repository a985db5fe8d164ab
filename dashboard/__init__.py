"""The Streamlit dashboard: looks at runs and starts runs. Nothing imports it."""

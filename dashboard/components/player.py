"""The player: floor plan and cameras on one clock, in a frame of its own."""

from pathlib import Path

import streamlit as st
from streamlit import runtime

from sim.report.page import player_css, player_html
from sim.report.playback import pictures, playback
from sim.run_folder import RunFolder


def player(run: RunFolder) -> None:
    """Draws the player of a run; videos are streamed by the dashboard's own server."""
    videos = {name: served(path, f"{run.path}/{name}") for name in run.camera_names() if (path := run.video(name))}
    shown = playback(run, pictures(run, {name: url for name, url in videos.items() if url}, {}))
    html = player_html(shown, run.plan(), run.cameras())
    frame = f"<style>{player_css()} body {{ margin: 0; background: transparent; }}</style>{html}"
    st.iframe(frame, height=720, alt="Playback of the run: floor plan beside camera pictures")


def served(video: Path, coordinates: str) -> str:
    """The address under which Streamlit serves a video with seeking; empty outside a server."""
    if not runtime.exists():
        return ""
    return str(runtime.get_instance().media_file_mgr.add(str(video), "video/mp4", coordinates))

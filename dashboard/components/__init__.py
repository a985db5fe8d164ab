"""Small drawing functions that the pages share."""

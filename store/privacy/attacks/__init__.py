"""Attacks on what is kept: what somebody who holds a policy's store could find out, each against a control."""

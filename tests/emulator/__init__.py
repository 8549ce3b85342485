"""Tests of the AWS emulator."""

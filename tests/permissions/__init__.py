"""The generated IAM policy in force: nothing that the product calls lies outside it, nothing in it goes unused.

A policy that is only printed is a guess. Here the emulator enforces it while everything that a driver can do is done.
"""

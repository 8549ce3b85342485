"""Where Horizon looks for its `local_settings`; found before its own package, so that nothing installed is changed."""

"""The page that carries Keystone's token from the browser to the dashboard.

Keystone fills it in. Its own version needs JavaScript; here the script only presses the button that everybody has.
"""

CALLBACK_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Logged in</title></head>
<body>
<form id="sso" method="post" action="$host">
<input type="hidden" name="token" value="$token">
<p>You are logged in.</p>
<button type="submit">Go on to the dashboard</button>
</form>
<script>document.getElementById("sso").submit()</script>
</body>
</html>
"""

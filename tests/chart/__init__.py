"""The chart, proved: it is rendered, applied to a real API server, and its processes run with exactly its rights.

A chart that was only rendered is a claim: that a mount is where the configuration looks, that a probe's path exists,
that a role is enough. So here what the API server holds of each Deployment (command, arguments, environment, mounted
configuration and secrets, service account) is started as local processes, by a part that plays the kubelet (`kubelet`);
what plays the Services is `service`. What these processes asked of the API server stands in its audit log, and is held
against what their roles allow: nothing outside of them, nothing in them that is not used (`play`), and nothing that
could be taken away (`growth`).

What is not as in a cluster is a table in `kubelet`: paths lie below a directory, addresses are this machine's.
"""

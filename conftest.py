"""The composition root: registers the plugin, nothing else."""

pytest_plugins = ["wirematrix.plugin"]

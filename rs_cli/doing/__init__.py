"""What several verbs do with a session once it is reached; the dashboard runs some of it too."""

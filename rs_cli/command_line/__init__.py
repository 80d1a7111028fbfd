"""The command line as data: the verbs' application, their values, examples, help, manual and completion."""

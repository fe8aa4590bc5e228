"""The words of commands: one grammar for magics, command line and notebook cells."""

"""The commands of scripts/, a module each."""

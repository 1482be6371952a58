"""The kinds of NixOS hosts, a folder each."""

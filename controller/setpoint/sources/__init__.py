"""Where declarations come from: git and directories."""

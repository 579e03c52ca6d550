@rem The other name of the program; a copy of its executable would be another 40 MB in the archive.
@"%~dp0kubectl-sa_token.exe" %*

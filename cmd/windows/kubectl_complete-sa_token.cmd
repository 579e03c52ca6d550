@rem What kubectl runs to complete `kubectl sa-token`.
@"%~dp0kubectl-sa_token.exe" __complete %*

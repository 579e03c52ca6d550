#!/bin/sh
# sign.sh OS FILE: signs FILE in place for OS where the environment has a key for it, and else says that it is not signed.
# Called by `npm run package -- --sign cmd/release/sign.sh`. The variables name files, so that no secret is an argument.
set -eu
os=$1 file=$2

# Shown beside the run by GitHub.
unsigned() {
  echo "::notice::$(basename "$file") for $os is not signed by a known publisher: $1 is not set"
  exit 0
}

case $os in
  windows)
    [ -n "${WINDOWS_P12-}" ] || unsigned WINDOWS_P12
    osslsigncode sign -pkcs12 "$WINDOWS_P12" -readpass "$WINDOWS_P12_PASSWORD" -h sha256 -n kubectl-sa-token \
      ${WINDOWS_TIMESTAMP_SERVER:+-ts "$WINDOWS_TIMESTAMP_SERVER"} -in "$file" -out "$file.signed"
    mv "$file.signed" "$file"
    ;;
  darwin)
    [ -n "${APPLE_P12-}" ] || unsigned APPLE_P12
    # V8 writes the code that it runs, and the keychain module has another signer than the system.
    entitlements=$(mktemp)
    trap 'rm -f "$entitlements"' EXIT
    cat >"$entitlements" <<'PLIST'
<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>com.apple.security.cs.allow-jit</key><true/>
<key>com.apple.security.cs.allow-unsigned-executable-memory</key><true/>
<key>com.apple.security.cs.disable-library-validation</key><true/>
</dict></plist>
PLIST
    rcodesign sign --p12-file "$APPLE_P12" --p12-password-file "$APPLE_P12_PASSWORD" --code-signature-flags runtime \
      --entitlements-xml-file "$entitlements" "$file"
    ;;
esac

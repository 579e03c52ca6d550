#!/usr/bin/env node
/**
 * What npm links as the program: looks at Node's version before anything is imported, since on an older Node the engine's
 * imports fail before its first line runs. Shipped as it is, so that every Node that knows ES modules can read it.
 */
const [major, minor] = process.versions.node.split('.').map(Number);

if (major >= 24 || (major === 22 && minor >= 21)) void import('./engine.js');
else {
  console.error(
    `kubectl-sa-token: Node is ${process.version} here, and the plugin needs 22.21, or 24 or newer; install one of them, or the archive that brings its own`,
  );
  process.exitCode = 1;
}

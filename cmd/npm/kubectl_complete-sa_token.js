#!/usr/bin/env node
/** What kubectl runs for `kubectl sa-token <TAB>`, as npm links it. */
import { fileURLToPath } from 'node:url';

// The script is changed too, since the engine may start the same command once more (forbidCores in src/base/host.ts).
process.argv.splice(1, 1, fileURLToPath(new URL('kubectl-sa-token.js', import.meta.url)), '__complete');
void import('./kubectl-sa-token.js');

/**
 * Stands in for `@napi-rs/keyring` in the executable: the package looks for its native module in node_modules, while
 * an archive has it beside the engine. realpath, because on Windows execPath may be the link that krew made.
 */
import type * as Keyring from '@napi-rs/keyring';
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

const native: { exports: Partial<typeof Keyring> } = { exports: {} };
const file = join(dirname(realpathSync(process.execPath)), 'keyring.node');
process.dlopen(native, file, constants.dlopen?.RTLD_LAZY);

export const { AsyncEntry, Entry, findCredentials, findCredentialsAsync } = native.exports;

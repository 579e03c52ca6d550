/**
 * Writes V8's code cache beside each script named on the command line, `./NAME.js` in the working folder: V8 keeps
 * the name as it gets it, and even a slice of a longer path would bring the whole path along. Run with
 * `--random-seed`: V8 hashes strings with a random seed, and with a fixed one the same script gives the same bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

for (const filename of process.argv.slice(2)) {
  // Every function, not only those that run at once; set back, since V8 takes no cache made under other flags.
  setFlagsFromString('--no-lazy');
  const script = new Script(readFileSync(filename, 'latin1'), { filename });
  setFlagsFromString('--lazy');
  writeFileSync(`${filename}.cache`, script.createCachedData());
}

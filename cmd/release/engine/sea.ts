/**
 * Runs pkg's simple SEA mode once, in a process of its own: `node sea.ts REQUEST`, a JSON of the type below. pkg
 * changes the working folder, and looks for Node below HOME, which the caller points at a folder made for this.
 *
 * pkg's function rather than its command, since the command has no way to give the main script assets. Its other mode
 * (a virtual file system) takes 2.2 times as long to start.
 */
import type { SeaOptions } from '@yao-pkg/pkg/lib-es5/sea.js';
import pkg from '@yao-pkg/pkg/lib-es5/sea.js';

export interface SeaRequest {
  entry: string;
  options: SeaOptions;
}

const { entry, options }: SeaRequest = JSON.parse(process.argv[2] ?? '');
await pkg.default(entry, options);

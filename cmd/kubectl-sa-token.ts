/** The engine's entry: argv and the outside world in, text and exit code out. */
import { main } from '../src/cli/main.ts';
import { systemHost } from '../src/host.ts';
import { forbidCores } from '../src/process.ts';

forbidCores();
void main(systemHost());

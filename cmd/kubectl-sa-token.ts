/** The engine's entry: argv and the outside world in, text and exit code out. */
import { systemHost, forbidCores } from '../src/base/host.ts';
import { main } from '../src/main.ts';

forbidCores();
void main(systemHost());

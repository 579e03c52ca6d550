/** The engine's entry: argv and the outside world in, text and exit code out. */
import { startQuiet, systemHost } from '../src/base/host.ts';
import { main } from '../src/main.ts';

startQuiet();
void main(systemHost());

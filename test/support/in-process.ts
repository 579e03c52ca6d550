/** The program's own `main` in this process: for commands that touch neither a keychain nor this process's streams. */
import { main } from '../../src/main.ts';
import { Ended, type TestHost } from './host.ts';

export async function runMain(host: TestHost): Promise<TestHost['written']> {
  try {
    await main(host);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
  return host.written;
}

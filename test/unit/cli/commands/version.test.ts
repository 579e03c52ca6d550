import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { createHost } from '../../../support/host.ts';
import { runMain } from '../../../support/in-process.ts';

async function version(t: ExecutionContext, ...words: string[]): Promise<string> {
  const argv = words[0] === '--version' ? words : ['version', ...words];
  const host = createHost(t, { argv, platform: 'linux', arch: 'x64', node: 'v26.0.0' });
  await runMain(host);
  t.is(host.written.err, '');
  return host.written.out;
}

test('the version, for people and for scripts', async (t) => {
  t.is(await version(t), 'kubectl-sa-token v0.0.0-dev\n');
  t.is(await version(t, '--version'), 'kubectl-sa-token v0.0.0-dev\n');
  const all = { version: 'v0.0.0-dev', node: 'v26.0.0', platform: 'linux/x64' };
  t.deepEqual<unknown, unknown>(JSON.parse(await version(t, '-o', 'json')), all);
  t.deepEqual<unknown, unknown>(parse(await version(t, '--output=yaml')), all);
});

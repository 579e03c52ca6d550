import test, { type ExecutionContext } from 'ava';
import { randomBytes } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSandbox } from './runner.ts';
import { findSecret } from './secret-scan.ts';

const part = () => randomBytes(96).toString('base64url');
const SECRET = `${part()}.${part()}.${part()}`;

async function scanned(t: ExecutionContext, content: string | Buffer): Promise<string[]> {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const folder = join(sandbox.home, 'a', 'b');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'file'), content);
  const hits = await findSecret(SECRET, { roots: [sandbox.home] });
  t.true(hits.every(({ where }) => where === join(folder, 'file')));
  t.false(JSON.stringify(hits).includes(SECRET.slice(0, 24)));
  return hits.map(({ form }) => form);
}

const reverse = (text: string) => Buffer.from(Buffer.from(text).toReversed()).toString();

for (const [name, form, content] of [
  ['as it is', 'plain', `before ${SECRET} after`],
  ['reversed', 'reversed', reverse(SECRET)],
  ['in hex', 'hex', Buffer.from(SECRET).toString('hex')],
  ['in UTF-16', 'UTF-16', Buffer.from(SECRET, 'utf16le')],
  ['in base64', 'base64', Buffer.from(SECRET).toString('base64')],
  ['inside base64', 'base64', Buffer.from(`a${SECRET}b`).toString('base64')],
  ['inside base64url', 'base64', Buffer.from(`{"${SECRET}"}`).toString('base64url')],
  ['its end', 'piece', `cut ${SECRET.slice(-40)}`],
  ['its end reversed', 'reversed piece', reverse(SECRET.slice(-48))],
] as const) {
  test(`a secret is found: ${name}`, async (t) => {
    t.true((await scanned(t, content)).includes(form));
  });
}

test('another token with the same header and claims is no hit', async (t) => {
  const [header, claims] = SECRET.split('.');
  t.deepEqual(await scanned(t, `${header}.${claims}.${part()}`), []);
});

test('texts, file names and links are looked at too', async (t) => {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  await symlink(SECRET.slice(-60), join(sandbox.home, 'link'));
  await writeFile(join(sandbox.home, SECRET.slice(-60)), '');
  const hits = await findSecret(SECRET, {
    roots: [sandbox.home],
    texts: { stderr: `x${SECRET}`, stdout: 'clean' },
  });
  t.deepEqual(
    [...new Set(hits.map(({ where }) => where))].toSorted(),
    [join(sandbox.home, 'link'), 'a file name', 'stderr'].toSorted(),
  );
});

test('what is too short to be told from chance is refused', async (t) => {
  await t.throwsAsync(findSecret('short', {}), { message: 'too short a secret to look for' });
});

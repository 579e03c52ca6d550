/** Every success of the hook: a credential on stdout and not a byte on stderr, which some clients merge into one. */
import test from 'ava';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { testWith } from '../support/require.ts';
import { AGING, age, entryPath, readCached } from './support/cached.ts';
import { checkCredential } from './support/outcome.ts';
import { execInfo, setScene, usualProfile, type HookOptions } from './support/scene.ts';

const withKeychain = testWith('secret-service');

test('cold, warm, from the engine, without exec info, with a stdin that never ends', async (t) => {
  const scene = await setScene(t);
  const clients: [string, HookOptions][] = [
    ['cold', {}],
    ['warm', {}],
    ['v1beta1, which the engine answers', { apiVersion: 'v1beta1' }],
    ['no exec info', { execInfo: undefined }],
    [
      'Python: no newline',
      { execInfo: undefined, env: { KUBERNETES_EXEC_INFO: JSON.stringify(execInfo()) } },
    ],
    ['JavaScript: stdin is open', { execInfo: undefined, stdin: { open: true } }],
    ['a verbose Node', { env: { NODE_PENDING_DEPRECATION: '1', NODE_NO_WARNINGS: '0' } }],
    ['no terminal, no locale', { env: { TERM: undefined, LANG: undefined } }],
    ['a locale of their own', { env: { LC_ALL: 'tr_TR.UTF-8' } }],
  ];
  for (const [what, options] of clients) checkCredential(t, await scene.hook(options), what);
  t.is(scene.server.exchanges, 1);
});

test('the other forms of the answer', async (t) => {
  const scene = await setScene(t);
  const { token } = checkCredential(t, await scene.hook());
  const print = (form: string) => scene.plugin(['get-token', 'prod', '-o', form]);
  t.like(await print('token'), { code: 0, stdout: `${token}\n`, stderr: '' });
  t.like(await print('header'), { code: 0, stdout: `Authorization: Bearer ${token}\n`, stderr: '' });
  const json = await print('json');
  t.like(json, { code: 0, stderr: '' });
  t.is(JSON.parse(json.stdout).token, token);
  t.is(scene.server.exchanges, 1);
});

test('a token that is to be renewed, and one that was asked for anew', async (t) => {
  const scene = await setScene(t);
  const { token } = checkCredential(t, await scene.hook());
  await age(scene.home, AGING);
  t.is(checkCredential(t, await scene.hook()).token, token);
  const anew = await scene.plugin(['get-token', 'prod', '--force-refresh']);
  t.not(checkCredential(t, anew).token, token);
});

test('less than was asked for is granted: the hook says nothing of it', async (t) => {
  const scene = await setScene(t, { profile: { duration: '24h' }, server: { maxExpirationSeconds: 3600 } });
  checkCredential(t, await scene.hook());
  const { expires } = await readCached(scene.home);
  t.true(Math.abs(expires - Date.now() / 1000 - 3600) < 60);
});

test('TLS settings and proxies of every kind', async (t) => {
  const scene = await setScene(t);
  const { 'certificate-authority': caFile, ...noCa } = usualProfile(scene);
  const caData = Buffer.from(scene.server.caPem).toString('base64');
  const byAddress = scene.server.url.replace('localhost', '127.0.0.1');
  const { port } = scene.server;
  const elsewhere = `kube.example.test:${port}`;
  const proxy = await startConnectProxy({ names: { [elsewhere]: port } });
  t.teardown(() => proxy.close());
  const byName = scene.server.url.replace(`localhost:${port}`, elsewhere);
  const ways: [string, Record<string, unknown>, HookOptions][] = [
    ['CA as data', { 'certificate-authority-data': caData }, {}],
    // Not in a hook: there a kubeconfig could set them.
    ['CA of Node', {}, { execInfo: undefined, env: { NODE_EXTRA_CA_CERTS: scene.caFile } }],
    ['CA of the system', {}, { execInfo: undefined, env: { SSL_CERT_FILE: scene.caFile } }],
    ['no check', { 'insecure-skip-tls-verify': true }, {}],
    [
      'another name',
      { 'certificate-authority': caFile, server: byAddress, 'tls-server-name': 'localhost' },
      {},
    ],
    ['proxy-url', { 'certificate-authority': caFile, 'proxy-url': proxy.url }, {}],
    [
      'HTTPS_PROXY',
      { 'certificate-authority': caFile, server: byName, 'tls-server-name': 'localhost' },
      { env: { HTTPS_PROXY: proxy.url } },
    ],
    [
      'HTTPS_PROXY, which is not for this machine itself',
      { 'certificate-authority': caFile },
      { env: { HTTPS_PROXY: 'http://127.0.0.1:9' } },
    ],
  ];
  for (const [what, settings, options] of ways) {
    await scene.writeProfile({ ...noCa, ...settings, cache: 'none' });
    checkCredential(t, await scene.hook(options), what);
  }
  t.is(proxy.tunnels.length, 2);
  t.is(scene.server.exchanges, ways.length);
});

test('sources of every kind', async (t) => {
  const scene = await setScene(t);
  const { 'source-file': file, ...settings } = usualProfile(scene);
  const token = scene.robot.token;
  await writeFile(join(scene.home, 'windows'), `\ufeff${token}\r\n`);
  const ways: [string, Record<string, unknown>, HookOptions][] = [
    ['a command for the shell', { 'source-command': `cat '${String(file)}'` }, {}],
    ['a command as words', { 'source-command': ['cat', file] }, {}],
    ['a variable', { 'source-env': 'CI_TOKEN' }, { env: { CI_TOKEN: token } }],
    ['a file from Windows', { 'source-file': '../windows' }, {}],
  ];
  for (const [what, source, options] of ways) {
    await scene.writeProfile({ ...settings, ...source });
    checkCredential(t, await scene.hook(options), what);
  }
  t.is(scene.server.exchanges, ways.length);
});

test('without a cache each call exchanges, and leaves no entry', async (t) => {
  const scene = await setScene(t, { profile: { cache: 'none' } });
  checkCredential(t, await scene.hook());
  checkCredential(t, await scene.hook());
  t.is(scene.server.exchanges, 2);
  await t.throwsAsync(readCached(scene.home), { code: 'ENOENT' });
});

withKeychain('the cache in the keychain: one exchange, and no entry on disk', async (t) => {
  const scene = await setScene(t, { keychain: true });
  const { 'source-file': _, ...settings } = usualProfile(scene);
  await scene.writeProfile({ ...settings, cache: 'keychain' });
  t.is((await scene.plugin(['login', 'prod', '--token-stdin'], { stdin: scene.robot.token })).code, 0);
  scene.server.reset();
  const tokens = [await scene.hook(), await scene.hook()].map((result) => checkCredential(t, result).token);
  t.is(new Set(tokens).size, 1);
  t.is(scene.server.exchanges, 1);
  await t.throwsAsync(rm(entryPath(scene.home)), { code: 'ENOENT' });
});

import { chmodSync, utimesSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { writeEntry } from '../../../../src/cache/entry.ts';
import { formatCredential } from '../../../../src/exec/credential.ts';
import { recordOf } from '../../../../src/base/file-identity.ts';
import { jwt } from '../../../support/jwt.ts';
import { createHost, put, withParts, type TestHost } from '../../../support/host.ts';
import { runMain } from '../../../support/in-process.ts';

const now = 1_800_000_000;
const profiles = `profiles:
  prod:
    server: https://h.example/kubernetes
    namespace: team-a
    service-account: robot
    audience: [istio, vault]
    duration: 90m
  dev:
    server: https://dev.example
    namespace: team-b
    service-account: ci
    insecure-skip-tls-verify: true
    source-file: ~/token
  old:
    source-env: CI_TOKEN
  cmd:
    server: https://h.example
    source-command: [pass, show, secret-name]
`;
const warning =
  'warning: dev: insecure-skip-tls-verify: whoever answers at that address gets the source token\n';

const at = (expires: number) => ({
  serveUntil: expires - 600,
  expires,
  digest: '0'.repeat(64),
  credential: formatCredential('secret-token', expires, 'client.authentication.k8s.io/v1'),
  written: now - 60,
  profile: undefined,
  source: undefined,
});

function setUp(t: ExecutionContext, text: string | undefined = profiles): TestHost {
  const host = createHost(t, { now: () => now * 1000 });
  if (text !== '') put(host, '.kube/sa-token.yaml', text);
  writeEntry(host, 'prod', at(now + 3900));
  writeEntry(host, 'dev', at(now - 1));
  return host;
}

async function list(host: TestHost, ...args: string[]): Promise<TestHost['written']> {
  await runMain(withParts(host, { argv: ['list', ...args] }));
  if (host.written.exitCode !== undefined) throw new Error(host.written.err);
  return host.written;
}

test('a table says where each source token is, and until when a token is cached', async (t) => {
  const { out, err } = await list(setUp(t));
  t.is(
    out,
    `PROFILE   ACCOUNT        SERVER                         SOURCE         CACHED
prod      team-a/robot   https://h.example/kubernetes   keychain       1h 5m left
dev       team-b/ci      https://dev.example            file ~/token   expired
old       ?/?            -                              env CI_TOKEN   no
cmd       ?/?            https://h.example              command        no
`,
  );
  t.is(err, warning);
});

test('a wide table says more', async (t) => {
  const { out } = await list(setUp(t), '-o', 'wide');
  t.is(
    out,
    `PROFILE   ACCOUNT        SERVER                         SOURCE         CACHED       EXPIRES                AUDIENCES      DURATION
prod      team-a/robot   https://h.example/kubernetes   keychain       1h 5m left   2027-01-15T09:05:00Z   istio,vault    1h 30m
dev       team-b/ci      https://dev.example            file ~/token   expired      2027-01-15T07:59:59Z   (API server)   (server)
old       ?/?            -                              env CI_TOKEN   no           -                      (API server)   (server)
cmd       ?/?            https://h.example              command        no           -                      (API server)   (server)
`,
  );
});

test('names alone are for scripts', async (t) => {
  const { out, err } = await list(setUp(t), '-o', 'name');
  t.is(out, 'prod\ndev\nold\ncmd\n');
  t.is(err, '');
});

function noted(host: TestHost): TestHost {
  put(host, '.kube/sa-token.yaml.stored', '# a comment\ngone\nprod\n');
  return host;
}

test('JSON and YAML hold the same, and status is another word for list', async (t) => {
  const json = await list(noted(setUp(t)), '-o', 'json');
  const expected = {
    profiles: [
      {
        name: 'prod',
        server: 'https://h.example/kubernetes',
        namespace: 'team-a',
        serviceAccount: 'robot',
        audiences: ['istio', 'vault'],
        duration: 5400,
        source: 'keychain',
        insecure: false,
        cached: { expirationTimestamp: '2027-01-15T09:05:00Z', secondsLeft: 3900 },
        warnings: [],
      },
      {
        name: 'dev',
        server: 'https://dev.example',
        namespace: 'team-b',
        serviceAccount: 'ci',
        audiences: [],
        source: 'file ~/token',
        insecure: true,
        cached: { expirationTimestamp: '2027-01-15T07:59:59Z', secondsLeft: -1 },
        warnings: ['insecure-skip-tls-verify: whoever answers at that address gets the source token'],
      },
      { name: 'old', audiences: [], source: 'env CI_TOKEN', insecure: false, warnings: [] },
      {
        name: 'cmd',
        server: 'https://h.example',
        audiences: [],
        source: 'command',
        insecure: false,
        warnings: [],
      },
    ],
    orphans: ['gone'],
  };
  t.deepEqual<unknown, unknown>(JSON.parse(json.out), expected);
  t.deepEqual<unknown, unknown>(parse((await list(noted(setUp(t)), '-o', 'yaml')).out), expected);
  const host = noted(setUp(t));
  await runMain(withParts(host, { argv: ['status', '-o', 'json'] }));
  t.is(host.written.out, json.out);
});

const granted = (life: number) => {
  const token = jwt({ iat: now - 60, exp: now - 60 + life, aud: ['istio', 'vault'] });
  return {
    ...at(now + life),
    credential: formatCredential(token, now + life, 'client.authentication.k8s.io/v1'),
  };
};

test('a token that lives less than was asked for is told of, until its settings may be others', async (t) => {
  const host = setUp(t);
  const short =
    "cached token: asked for 5400 s, granted 3600 s: the API server's limit (--service-account-max-token-expiration)";
  writeEntry(host, 'prod', { ...granted(5400), profile: recordOf(`${host.home}/.kube/sa-token.yaml`) });
  t.is((await list(host)).err, warning);
  const shorter = setUp(t);
  writeEntry(shorter, 'prod', { ...granted(3600), profile: recordOf(`${shorter.home}/.kube/sa-token.yaml`) });
  t.is((await list(shorter)).err, `warning: prod: ${short}\n${warning}`);
  const edited = setUp(t);
  writeEntry(edited, 'prod', { ...granted(3600), profile: recordOf(`${edited.home}/.kube/sa-token.yaml`) });
  utimesSync(`${edited.home}/.kube/sa-token.yaml`, now, now);
  t.is((await list(edited)).err, warning);
});

test('no format shows a token, nor the words of a command that gives one', async (t) => {
  for (const format of [[], ['-o', 'wide'], ['-o', 'json'], ['-o', 'yaml']]) {
    const { out, err } = await list(setUp(t), ...format);
    t.false(`${out}${err}`.includes('secret-'));
  }
});

test('an entry that is not to be trusted is not there', async (t) => {
  const host = setUp(t);
  chmodSync(`${host.home}/.kube/cache/sa-token/prod.entry`, 0o644);
  t.regex((await list(host)).out, /^prod .* no$/m);
});

test('without profiles it says how to make one', async (t) => {
  for (const text of ['', 'profiles: {}\n']) {
    const { out, err } = await list(setUp(t, text));
    t.is(out, '');
    t.is(
      err,
      'no profiles; make one with "kubectl sa-token login PROFILE --server https://HOST/kubernetes"\n',
    );
  }
  t.is((await list(setUp(t, ''), '-o', 'name')).err, '');
  t.is((await list(setUp(t, ''), '-o', 'json')).out, '{\n  "profiles": [],\n  "orphans": []\n}\n');
});

test('a profile with a mistake is a row with its line, and stops no other', async (t) => {
  const text = 'profiles:\n  good:\n    server: https://h.example\n  bad:\n    servr: x\n';
  const { out, err } = await list(setUp(t, text));
  t.regex(out, /^good +\?\/\? +https:\/\/h\.example +keychain +no$/m);
  t.regex(out, /^bad +\?\/\? +- +\? +no$/m);
  t.regex(
    err,
    /^warning: bad: ~\/\.kube\/sa-token\.yaml:5: unknown key "servr" in profile "bad"; use one of: server/,
  );
  const { profiles: listed } = parse((await list(setUp(t, text), '-o', 'json')).out);
  t.like(listed[0], { name: 'good', problem: undefined });
  t.regex(listed[1].problem, /:5: unknown key "servr"/);
});

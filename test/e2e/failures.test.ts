/** Every failure of the hook: nothing on stdout, one line on stderr that says what to do, an exit code by kind. */
import test, { type ExecutionContext } from 'ava';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withoutSession } from '../support/keychain-session.ts';
import { checkFailure, checkNoSecret } from './support/outcome.ts';
import { execInfo, setScene, usualProfile, type HookOptions, type Scene } from './support/scene.ts';

type Row = [what: string, options: HookOptions, line: RegExp];

const withEnv = (env: Record<string, string | undefined>): HookOptions => ({ env });
/** Typed by a person: a hook may say the profile alone. */
const withArgs = (...args: string[]): HookOptions => ({ args: ['get-token', ...args], execInfo: undefined });
const inHook = (...args: string[]): HookOptions => ({ args });
const withInfo = (text: string): HookOptions => ({
  execInfo: undefined,
  env: { KUBERNETES_EXEC_INFO: text },
});
const withConfig = (config: object): HookOptions => ({ execInfo: execInfo('v1', { config }) });

/** What a hook is refused. */
const ONLY = (what: string): RegExp =>
  new RegExp(String.raw`a kubeconfig may only name the profile \("get-token PROFILE"\), so ${what}`);

async function checkRows(t: ExecutionContext, scene: Scene, code: number, rows: Row[]): Promise<void> {
  for (const [what, options, line] of rows) {
    const result = await scene.hook(options);
    checkFailure(t, result, { code, line }, what);
    await checkNoSecret(t, scene.robot.token, result);
  }
  t.is(scene.server.exchanges, 0);
}

test('a command line that is wrong: exit code 2', async (t) => {
  const scene = await setScene(t);
  await checkRows(t, scene, 2, [
    ['no profile', withArgs(), /no profile named/],
    ['unknown profile', withArgs('nope'), /there is no profile "nope" in .*; name one that is there: prod$/m],
    ['a path for a profile', withArgs('../prod'), /profile name "\.\.\/prod" is not usable/],
    ['two profiles', withArgs('prod', 'more'), /more/],
    ['unknown flag', withArgs('prod', '--nope'), /nope/],
    ['unknown command', { args: ['got-token', 'prod'], execInfo: undefined }, /get-token/],
    ['unknown command in a hook', inHook('got-token', 'prod'), ONLY('"got-token"')],
    ['another command in a hook', inHook('list'), ONLY('"list"')],
    ['a flag in a hook', inHook('get-token', 'prod', '--audience=secret'), ONLY('"--audience"')],
    ['two profiles in a hook', inHook('get-token', 'prod', 'more'), ONLY('"more"')],
    ['flag without a value', withArgs('prod', '--audience'), /audience/],
    ['flag twice', withArgs('prod', '-n', 'a', '-n', 'b'), /namespace/],
    ['unknown output', withArgs('prod', '-o', 'table'), /-o table is not one of/],
    ['life too short', withArgs('prod', '--duration', '60'), /--duration: must be at least 600s/],
    ['no https', withArgs('prod', '--server', 'http://example.com'), /--server: must begin with https/],
    ['a token on argv', withArgs('prod', `--token=${scene.robot.token}`), /a token on the command line/],
    [
      'another CA than the profile’s',
      withArgs('prod', '--certificate-authority', 'gone'),
      /profile "prod" has certificate-authority \S+, and this call has certificate-authority \S+\/gone\. /,
    ],
  ]);
  for (const [caFile, line] of [
    ['gone', /cannot read .*gone/],
    [scene.tokenFile, /-authority given holds no cert/],
  ] as const) {
    await scene.writeProfile({ ...usualProfile(scene), 'certificate-authority': caFile });
    checkFailure(t, await scene.hook(), { code: 2, line }, caFile);
  }
});

test('a variable or a kubeconfig that is wrong: exit code 2', async (t) => {
  const scene = await setScene(t);
  await checkRows(t, scene, 2, [
    [
      'life too short',
      { execInfo: undefined, ...withEnv({ KUBECTL_SA_TOKEN_DURATION: '5m' }) },
      /KUBECTL_SA_TOKEN_DURATION: must be/,
    ],
    [
      'a setting for a hook',
      withEnv({ KUBECTL_SA_TOKEN_DURATION: '1h' }),
      ONLY('the variable KUBECTL_SA_TOKEN_DURATION'),
    ],
    [
      'a server that was left over',
      { execInfo: undefined, ...withEnv({ KUBECTL_SA_TOKEN_SERVER: 'https://elsewhere.example' }) },
      /profile "prod" has server \S+, and this call has server https:\/\/elsewhere\.example\..*; unset KUBECTL_SA_TOKEN_SERVER$/m,
    ],
    ['exec info that is no JSON', withInfo('{'), /KUBERNETES_EXEC_INFO is not a JSON object/],
    ['exec info that is a list', withInfo('[]'), /KUBERNETES_EXEC_INFO is not a JSON object/],
    ['exec info of a future', { execInfo: execInfo('v2') }, /asks for apiVersion ".*\/v2", which is not/],
    ['an unknown setting', withConfig({ servre: 'x' }), ONLY('the cluster extension\'s "servre"')],
    ['no check of the certificate', withConfig({ 'insecure-skip-tls-verify': true }), ONLY('the cluster')],
    ['a command to run', withConfig({ 'source-command': 'id' }), ONLY('the cluster')],
  ]);
});

test('a profile file that is wrong: exit code 2, or 7 when others can write it', async (t) => {
  const scene = await setScene(t);
  const file = join(scene.home, '.kube', 'sa-token.yaml');
  for (const [text, line] of [
    ['profiles: [', /sa-token\.yaml:1: /],
    ['profile:\n  prod: {}\n', /sa-token\.yaml:1: unknown key "profile"/],
    [
      'profiles:\n  prod:\n    audiences: [a]\n',
      /sa-token\.yaml:3: unknown key "audiences" in profile "prod"/,
    ],
    ['profiles:\n  prod:\n    server: 7\n', /sa-token\.yaml:3: server: needs text, not a number/],
    ['profiles:\n  prod: {}\n', /profile "prod" has no --server/],
  ] as const) {
    await writeFile(file, text);
    checkFailure(t, await scene.hook(), { code: 2, line }, text);
  }
  await scene.writeProfile(usualProfile(scene));
  await chmod(file, 0o666);
  checkFailure(t, await scene.hook(), { code: 7, line: /can be written by other users; run: chmod go-w / });
});

test('no source token where it should be: exit code 3', async (t) => {
  const scene = await setScene(t);
  await writeFile(join(scene.home, 'empty'), '\n');
  const { 'source-file': _, ...settings } = usualProfile(scene);
  for (const [source, line] of [
    [{ 'source-file': 'gone' }, /prod: no source token in file .*gone; check what writes it$/m],
    [{ 'source-file': '../empty' }, /no source token in file .*empty/],
    [{ 'source-env': 'NOT_SET' }, /no source token in environment variable NOT_SET/],
    [{ 'source-command': 'exit 9' }, /source-command ended with exit code 9/],
    [{ 'source-command': ':' }, /no source token in source-command/],
    [{ 'source-command': 'nothing-here 2>&-' }, /ended with exit code 127/],
  ] as const) {
    await scene.writeProfile({ ...settings, ...source });
    checkFailure(t, await scene.hook(), { code: 3, line }, JSON.stringify(source));
  }
  t.is(scene.server.exchanges, 0);
});

test('no keychain: exit code 6', async (t) => {
  const scene = await setScene(t);
  const { 'source-file': _, ...settings } = usualProfile(scene);
  await scene.writeProfile(settings);
  await checkRows(t, scene, 6, [
    [
      'no session',
      withEnv(withoutSession(scene.home)),
      /no D-Bus session.*; keep the source token elsewhere/,
    ],
    [
      'a session that is gone',
      withEnv({ ...withoutSession(scene.home), DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' }),
      /the keychain is not available: .*; keep the source token elsewhere/,
    ],
  ]);
});

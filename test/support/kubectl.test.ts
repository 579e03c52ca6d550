import test, { type ExecutionContext } from 'ava';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { oldestAndNewest, writeKubeconfig } from './kubectl.ts';
import { testWith } from './require.ts';
import { createSandbox } from './runner.ts';
import { startServer } from './token-request-server.ts';

const withKubectl = testWith('kubectl');
const ROBOT = { namespace: 'team-a', name: 'robot' };

async function setUp(t: ExecutionContext) {
  const [sandbox, server] = [await createSandbox(), await startServer()];
  t.teardown(() => Promise.all([sandbox.cleanup(), server.close()]));
  const robot = await server.cluster.createRobot(ROBOT);
  const config = (token: string) =>
    writeKubeconfig({
      path: join(sandbox.home, 'config'),
      server: server.apiUrl,
      caPem: server.caPem,
      namespace: 'team-a',
      user: { token },
    });
  return { sandbox, server, robot, config };
}

for (const { minor, path } of oldestAndNewest()) {
  withKubectl(`kubectl 1.${minor} finds its way in the API`, async (t) => {
    const { sandbox, server, robot, config } = await setUp(t);
    const env = { KUBECONFIG: await config(server.adminToken) };
    const kubectl = (...args: string[]) => sandbox.exec(path, args, { env });

    t.like(await kubectl('get', 'pods'), { code: 0, stderr: 'No resources found in team-a namespace.\n' });
    t.regex((await kubectl('get', 'namespaces')).stdout, /^NAME[^]*^team-a /m);
    t.regex((await kubectl('auth', 'whoami')).stdout, /^Username +kubernetes-admin$/m);
    t.like(JSON.parse((await kubectl('get', '--raw', '/version')).stdout), { major: '1' });
    const secret = await kubectl('get', 'secret', robot.secretName, '-n', 'team-a', '-o', 'json');
    const { data, type }: { data: { token: string }; type: string } = JSON.parse(secret.stdout);
    t.is(type, 'kubernetes.io/service-account-token');
    t.true(Buffer.from(data.token, 'base64').toString() === robot.token);
    t.regex(
      (await kubectl('get', 'secret', 'gone')).stderr,
      /Error from server \(NotFound\): secrets "gone" not found/,
    );
  });

  withKubectl(`kubectl 1.${minor} is told what the token of a robot may not`, async (t) => {
    const { sandbox, server, robot, config } = await setUp(t);
    const env = { KUBECONFIG: await config(robot.token) };
    const kubectl = (...args: string[]) => sandbox.exec(path, args, { env });

    t.regex((await kubectl('auth', 'whoami')).stdout, /^Username +system:serviceaccount:team-a:robot$/m);
    const refused = await kubectl('get', 'pods');
    t.is(refused.code, 1);
    t.regex(
      refused.stderr,
      /\(Forbidden\): pods is forbidden: User "system:serviceaccount:team-a:robot" cannot list/,
    );
    server.cluster.deleteSecret({ namespace: 'team-a', name: robot.secretName });
    t.regex((await kubectl('get', 'pods')).stderr, /You must be logged in to the server/);
  });
}

test('a kubeconfig with an exec user says all that was asked of it', async (t) => {
  const sandbox = await createSandbox();
  t.teardown(sandbox.cleanup);
  const path = await writeKubeconfig({
    path: join(sandbox.home, 'config'),
    server: 'https://localhost:1/kubernetes',
    caFile: 'ca.crt',
    namespace: 'team-a',
    execConfig: { profile: 'p' },
    tlsServerName: 'kubernetes.default.svc',
    proxyUrl: 'http://localhost:2',
    user: {
      exec: {
        command: './plugin',
        args: ['get-token'],
        env: { A: 'b' },
        apiVersion: 'v1beta1',
        provideClusterInfo: true,
        interactiveMode: 'IfAvailable',
      },
    },
  });
  if (process.platform !== 'win32') t.is((await stat(path)).mode & 0o777, 0o600);
  t.like(parse(await readFile(path, 'utf8')), {
    clusters: [
      {
        name: 'test',
        cluster: {
          server: 'https://localhost:1/kubernetes',
          'certificate-authority': 'ca.crt',
          'tls-server-name': 'kubernetes.default.svc',
          'proxy-url': 'http://localhost:2',
          extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { profile: 'p' } }],
        },
      },
    ],
    users: [
      {
        name: 'test',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1beta1',
            command: './plugin',
            args: ['get-token'],
            env: [{ name: 'A', value: 'b' }],
            interactiveMode: 'IfAvailable',
            provideClusterInfo: true,
          },
        },
      },
    ],
    'current-context': 'test',
  });
});

/** The control plane itself: what the other tests rely on. */
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { decodeJwt } from 'jose';
import { testUnless } from '../support/require.ts';
import { cached, findApiServer, pinnedVersion } from './assets.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { onEachMinor, type Declare } from './each-subject.ts';
import { realSubject } from './subject.ts';

onEachMinor((test, minor) => {
  const title = 'is the version that its module pins';
  if (findApiServer(minor) === cached('kube-apiserver', minor))
    test(title, async (t, plane) => {
      t.is(plane.version, pinnedVersion(minor));
    });
  else testUnless('another was named')(`${minor}: ${title}`, () => undefined);

  test("kubectl is the administrator's", async (t, plane) => {
    const { namespace } = await realSubject(plane).makeBot();
    const secret = JSON.parse(
      await plane.kubectl(['get', 'secret', 'bot-token', '-n', namespace, '-o', 'json']),
    );
    t.is(secret.type, 'kubernetes.io/service-account-token');
    t.deepEqual(Object.keys(secret.data), ['ca.crt', 'namespace', 'token']);
    t.regex(
      await plane.kubectl(['create', 'token', 'bot', '-n', namespace]),
      /^eyJ[\w-]+\.[\w-]+\.[\w-]+\s*$/,
    );
    await t.throwsAsync(plane.kubectl(['get', 'secret', 'gone', '-n', namespace]), { message: /NotFound/ });
  });

  test('a Pod can be made, and its token lives a year behind the hour it is said to', async (t, plane) => {
    const { namespace, path } = await realSubject(plane).makeBot();
    const spec = { serviceAccountName: 'bot', containers: [{ name: 'main', image: 'none' }] };
    await plane.need('POST', `/api/v1/namespaces/${namespace}/pods`, {
      body: { metadata: { name: 'pod' }, spec },
    });
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'pod' };
    const { status } = await plane.need('POST', path, {
      body: { spec: { expirationSeconds: 3607, boundObjectRef } },
    });
    const claims = decodeJwt<{ 'kubernetes.io': { warnafter: number } }>(status.token);
    t.is(Date.parse(status.expirationTimestamp) / 1000, claims['kubernetes.io'].warnafter);
    t.is(claims.exp, (claims.iat ?? 0) + 365 * 24 * 3600);
  });

  test('a legacy token that is used dates its Secret', async (t, plane) => {
    const { namespace, token } = await realSubject(plane).makeBot();
    await plane.need('GET', '/version', { as: { token } });
    const secret = await plane.need('GET', `/api/v1/namespaces/${namespace}/secrets/bot-token`);
    t.regex(secret.metadata.labels?.['kubernetes.io/legacy-token-last-used'] ?? '', /^\d{4}-\d\d-\d\d$/);
  });

  describeAuditLog(test);

  test('nothing of it is left after stop', async (t) => {
    const plane = await startControlPlane({ minor });
    await plane.call('GET', '/version');
    await plane.stop();
    t.false(existsSync(dirname(plane.kubeconfig)));
    await t.throwsAsync(plane.call('GET', '/version'), { code: 'ECONNREFUSED' });
  });
});

function describeAuditLog(test: Declare<ControlPlane>): void {
  test('the audit log shows who asked for what, and which Secret they used', async (t, plane) => {
    const { namespace, path, token } = await realSubject(plane).makeBot();
    const issued = await plane.need('POST', path, { as: { token }, body: {} });
    await plane.call('GET', `/api/v1/namespaces/${namespace}/secrets`, { as: issued.status });
    const events = (await plane.auditEvents()).filter(({ user }) =>
      user.username.endsWith(`:${namespace}:bot`),
    );
    const { jti } = decodeJwt(issued.status.token);
    t.deepEqual(
      events.map(({ verb, requestURI, responseStatus }) => [verb, requestURI, responseStatus?.code]),
      [
        ['create', path, 201],
        ['list', `/api/v1/namespaces/${namespace}/secrets`, 403],
      ],
    );
    t.like(events[0]?.annotations, {
      'authentication.k8s.io/legacy-token-manual-secret': 'bot-token',
      'authentication.kubernetes.io/issued-credential-id': `JTI=${jti}`,
    });
    t.deepEqual(events[1]?.user.extra, { 'authentication.kubernetes.io/credential-id': [`JTI=${jti}`] });
    t.false((await readFile(plane.auditLog, 'utf8')).includes(token), 'no token is in the audit log');
  });
}

import test from 'ava';
import { checkRows, commandScene, type BadInput } from '../../../support/command-scene.ts';

test.serial(
  'at the API server of a context, with the issued token and nothing of the context’s user',
  async (t) => {
    const { run, server, robot } = await commandScene(t);
    const { code, stdout, stderr } = await run(['whoami', 'prod', '--context', 'admin']);
    t.deepEqual([code, stderr], [0, '']);
    t.regex(stdout, /^username +system:serviceaccount:team-a:robot\n/);
    t.regex(stdout, new RegExp(`\\nuid +${robot.uid}\\n`));
    t.regex(stdout, /\nserver +https:\/\/localhost:\d+\n$/);
    const asked = server.requests.at(-1);
    t.is(asked?.path, '/apis/authentication.k8s.io/v1/selfsubjectreviews');
    t.not(asked?.headers.authorization, `Bearer ${server.adminToken}`);
  },
);

test.serial('at the profile’s own server, where that is an API server', async (t) => {
  const { run, profile, server } = await commandScene(t);
  await profile('direct', { server: server.apiUrl });
  const { stdout } = await run(['whoami', 'direct', '-o', 'json']);
  const self = JSON.parse(stdout);
  t.is(self.username, 'system:serviceaccount:team-a:robot');
  t.deepEqual(self.groups.slice(0, 2), ['system:serviceaccounts', 'system:serviceaccounts:team-a']);
});

test.serial('refusals say what to do', async (t) => {
  const { run, profile, context, server } = await commandScene(t);
  await profile('factors', { audience: ['factors'] });
  await context('plain', {}, { server: 'http://api.example' });
  const rows: BadInput[] = [
    [['whoami'], 2, /no profile named/],
    [
      ['whoami', 'prod'],
      5,
      /\/kubernetes does not serve SelfSubjectReview \(404\); a \/kubernetes proxy lets TokenRequest through and nothing else, .*--context NAME/,
    ],
    [['whoami', 'prod', '--context', 'none'], 2, /the kubeconfig has no context "none"/],
    [['whoami', 'prod', '--context', 'plain'], 2, /must begin with https:\/\//],
    [
      ['whoami', 'factors', '--context', 'admin'],
      4,
      /the issued token is refused \(401\): it is for the audience factors; .*without --audience; or ask why, as somebody who may: kubectl sa-token review factors --context CONTEXT\n/,
    ],
    [['whoami', 'prod', '-o', 'name'], 2, /-o name is not one of json, yaml/],
  ];
  await checkRows(t, run, rows);
  server.faults.next(
    { status: 401, body: JSON.stringify({ kind: 'Status', message: 'Unauthorized' }) },
    1,
    /selfsubject/,
  );
  t.regex(
    (await run(['whoami', 'prod', '--kubeconfig', '.kube/config'])).stderr,
    /\(401\): it was revoked, or is for another cluster; .*: kubectl sa-token review prod --kubeconfig=.kube\/config --context CONTEXT\n/,
  );
  server.faults.next(
    { status: 403, body: JSON.stringify({ kind: 'Status', message: 'forbidden: x' }) },
    1,
    /selfsubject/,
  );
  const denied = await run(['whoami', 'prod', '--context', 'admin']);
  t.is(denied.code, 4);
  t.regex(denied.stderr, /may not ask who it is \(403\): forbidden: x; the ClusterRole system:basic-user/);
  server.faults.next({ redirect: 'https://elsewhere.example' }, 1, /selfsubject/);
  t.regex(
    (await run(['whoami', 'prod', '--context', 'admin'])).stderr,
    /a redirect to .*, which is not followed/,
  );
});

/** An API server with too much to do: the 429 of src/CONTRACTS.md 3.3, which is no Status. */
import { request } from 'node:https';
import { setTimeout } from 'node:timers/promises';
import type { Answer } from './api-client.ts';
import type { ControlPlane } from './control-plane.ts';
import { onEachMinor } from './each-subject.ts';
import { realSubject, type Bot } from './subject.ts';

const FLOW = '/apis/flowcontrol.apiserver.k8s.io/v1';

onEachMinor((test) => {
  test('asks to come again later, in plain text', async (t, plane) => {
    const bot = await realSubject(plane).makeBot();
    await allowOneAtATime(plane, bot);
    let answer = await askBesideAnother(plane, bot);
    // Until the server has learnt of its new limits.
    for (let tries = 0; answer.status === 201 && tries < 50; tries++)
      answer = await askBesideAnother(plane, bot);
    t.is(answer.status, 429);
    t.is(answer.text, 'Too many requests, please try again later.\n');
    t.is(answer.headers['content-type'], 'text/plain; charset=utf-8');
    t.regex(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/);
  });
});

/** A priority level without seats takes a single request, and turns away what comes beside it. */
async function allowOneAtATime(plane: ControlPlane, { namespace }: Bot): Promise<void> {
  const metadata = { name: namespace };
  const limited = {
    nominalConcurrencyShares: 0,
    lendablePercent: 0,
    borrowingLimitPercent: 0,
    limitResponse: { type: 'Reject' },
  };
  await plane.need('POST', `${FLOW}/prioritylevelconfigurations`, {
    body: { metadata, spec: { type: 'Limited', limited } },
  });
  const subjects = [{ kind: 'ServiceAccount', serviceAccount: { namespace, name: 'bot' } }];
  const resourceRules = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }];
  await plane.need('POST', `${FLOW}/flowschemas`, {
    body: {
      metadata,
      spec: {
        priorityLevelConfiguration: metadata,
        matchingPrecedence: 100,
        rules: [{ subjects, resourceRules }],
      },
    },
  });
}

/** The other one, which keeps the only seat, is a request whose body does not come. */
async function askBesideAnother(plane: ControlPlane, { path, token }: Bot): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': 2,
  };
  const other = request(plane.url + path, { method: 'POST', ca: plane.caPem, headers });
  other.on('error', () => undefined);
  other.flushHeaders();
  await setTimeout(100);
  const answer = await plane.call('POST', path, { as: { token }, body: {} });
  other.destroy();
  return answer;
}

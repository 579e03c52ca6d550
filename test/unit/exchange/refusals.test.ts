import test from 'ava';
import type { ExitCode } from '../../../src/errors/codes.ts';
import { judgeReply } from '../../../src/exchange/token-request.ts';
import type { Reply } from '../../../src/http/request.ts';
import { fails } from '../../support/failure.ts';

const target = { server: 'https://h.example/kubernetes', namespace: 'team-a', serviceAccount: 'robot' };
const at = 'team-a/robot@https://h.example/kubernetes';
const asked = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000;
const date = 'Fri, 02 Jan 2026 03:04:05 GMT';

function reply(status: number, body: unknown = '', headers: Reply['headers'] = {}): Reply {
  return {
    status,
    headers: { date, ...headers },
    warnings: [],
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

/** As kubernetes/apimachinery pkg/api/errors makes it. */
const says = (code: number, reason: string, message: string) =>
  reply(code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code });

// What is refused: every row of src/CONTRACTS.md 3.3.

interface Row {
  code: string;
  exitCode: ExitCode;
  line: string;
  transient?: { after: number | undefined };
}

const refused = test.macro<[Reply, Row]>({
  async exec(t, answer, { transient, line, ...row }) {
    const error = await fails(t, () => judgeReply(target, answer, asked), { ...row, line: `${at}: ${line}` });
    t.deepEqual(error.transient, transient);
  },
  title: (given) => `refused: ${given}`,
});

const change = 'change that setting in the profile or on the command line';
test(
  '400: an object that cannot be bound to',
  refused,
  says(400, 'BadRequest', 'cannot bind token to object of type /v1, Kind=ConfigMap'),
  {
    code: 'invalid-request',
    exitCode: 4,
    line: `the API server does not take the request (400): cannot bind token to object of type /v1, Kind=ConfigMap; ${change}`,
  },
);
test('401: whatever is wrong with the token', refused, says(401, 'Unauthorized', 'Unauthorized'), {
  code: 'unauthorized',
  exitCode: 4,
  line: 'the source token was refused (401): it was revoked, has expired, or is for another cluster; get a new one, then run: kubectl sa-token login PROFILE (or put it where the profile reads it)',
});
const cannot = 'cannot create resource "serviceaccounts/token" in API group "" in the namespace "team-a"';
test(
  '403: no RBAC',
  refused,
  says(
    403,
    'Forbidden',
    `serviceaccounts "robot" is forbidden: User "system:serviceaccount:team-a:robot" ${cannot}`,
  ),
  {
    code: 'forbidden',
    exitCode: 4,
    line: `the source token may not create tokens for this account (403): serviceaccounts "robot" is forbidden: User "system:serviceaccount:team-a:robot" ${cannot}; let it "create" "serviceaccounts/token" with resourceNames [robot] by a Role in team-a; or, if it is for another account, name that with --service-account`,
  },
);
test(
  '403: no token arrived',
  refused,
  says(403, 'Forbidden', `serviceaccounts "robot" is forbidden: User "system:anonymous" ${cannot}`),
  {
    code: 'anonymous',
    exitCode: 4,
    line: 'the API server saw no token (403 for system:anonymous); something between removes the Authorization header: check the proxy or gateway',
  },
);
test('404: no such account', refused, says(404, 'NotFound', 'serviceaccounts "robot" not found'), {
  code: 'account-not-found',
  exitCode: 4,
  line: 'serviceaccounts "robot" not found (404); check namespace and service account, or create it; a token bound to a deleted object needs a new login',
});
test(
  '405: another method arrived',
  refused,
  says(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource'),
  {
    code: 'invalid-request',
    exitCode: 4,
    line: `the API server does not take the request (405): the server does not allow this method on the requested resource; ${change}`,
  },
);
const uid =
  'Operation cannot be fulfilled on TokenRequest.authentication.k8s.io "robot": the UID in the token request (a) does not match the UID of the service account (b)';
test('409: made anew', refused, says(409, 'Conflict', uid), {
  code: 'conflict',
  exitCode: 4,
  line: `the account or the bound object was deleted and made again: ${uid}; log in with a token of the new one: kubectl sa-token login PROFILE`,
});
const short =
  'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes';
test('422: a value out of bounds', refused, says(422, 'Invalid', short), {
  code: 'invalid-request',
  exitCode: 4,
  line: `the API server does not take the request (422): ${short}; ${change}`,
});
test(
  '429: plain text, with a time to wait',
  refused,
  reply(429, 'Too many requests, please try again later.\n', { 'retry-after': '1' }),
  {
    code: 'overloaded',
    exitCode: 5,
    line: 'the server is overloaded (429); try again in 1 s, as it asks',
    transient: { after: 1 },
  },
);
test('429: without one', refused, reply(429), {
  code: 'overloaded',
  exitCode: 5,
  line: 'the server is overloaded (429); try again in a moment',
  transient: { after: undefined },
});
const signer = 'Internal error occurred: failed to generate token: the signer is not there';
test('500: a Status', refused, says(500, 'InternalError', signer), {
  code: 'server-failed',
  exitCode: 5,
  line: `the server failed (500): "${signer}"; try again; its log has more`,
  transient: { after: undefined },
});
test('500: plain text', refused, reply(500, 'Internal Server Error: "/api/v1": no route'), {
  code: 'server-failed',
  exitCode: 5,
  line: 'the server failed (500): "Internal Server Error: "/api/v1": no route"; try again; its log has more',
  transient: { after: undefined },
});
test(
  '504: a Status',
  refused,
  says(504, 'Timeout', 'Timeout: request did not complete within the allotted timeout'),
  {
    code: 'server-failed',
    exitCode: 5,
    line: 'the server failed (504): "Timeout: request did not complete within the allotted timeout"; try again; its log has more',
    transient: { after: undefined },
  },
);

// What was said by something between.

const page = (title: string) =>
  `<html>\r\n<head><title>${title}</title><style>b { color: red }</style></head>\r\n<body><h1>${title}</h1><script>x()</script></body>\r\n</html>`;
const where = 'check --server: it ends where "/api/v1" begins, often in /kubernetes';
test('a proxy’s 404 page', refused, reply(404, page('404 Not Found')), {
  code: 'not-the-endpoint',
  exitCode: 5,
  line: `that address does not lead to a Kubernetes API: 404 "404 Not Found 404 Not Found"; ${where}`,
});
test('an empty 404', refused, reply(404), {
  code: 'not-the-endpoint',
  exitCode: 5,
  line: `that address does not lead to a Kubernetes API: 404 with an empty answer; ${where}`,
});
test('a 200 page', refused, reply(200, page('Welcome to nginx!')), {
  code: 'not-the-endpoint',
  exitCode: 5,
  line: `that address does not lead to a Kubernetes API: 200 "Welcome to nginx! Welcome to nginx!"; ${where}`,
});
test('a 200 with JSON of another kind', refused, reply(200, { kind: 'Pod', message: 'x' }), {
  code: 'not-the-endpoint',
  exitCode: 5,
  line: `that address does not lead to a Kubernetes API: 200 "{"kind":"Pod","message":"x"}"; ${where}`,
});
const pass = 'the proxy must pass POST …/token with its Authorization header on to the API server';
for (const status of [401, 403, 405, 407])
  test(`a proxy’s ${status}`, refused, reply(status, page('go away')), {
    code: 'proxy-refused',
    exitCode: 4,
    line: `the proxy, not Kubernetes, answered ${status} "go away go away"; ${pass}`,
  });
const roundIt =
  "let the gateway's token check leave the TokenRequest path alone (Istio: RequestAuthentication), or go round it";
for (const text of ['Jwt issuer is not configured', 'Jwks remote fetch is failed', 'Jwt is expired'])
  test(`a gateway’s ${text}`, refused, reply(401, text), {
    code: 'gateway-refused',
    exitCode: 4,
    line: `a gateway in front of the API server refused the token (401): "${text}"; ${roundIt}`,
  });
test('502', refused, reply(502, page('502 Bad Gateway')), {
  code: 'server-failed',
  exitCode: 5,
  line: 'the server failed (502): "502 Bad Gateway 502 Bad Gateway"; try again; its log has more',
  transient: { after: undefined },
});
test('503 with a time to wait', refused, reply(503, page('503'), { 'retry-after': '5' }), {
  code: 'overloaded',
  exitCode: 5,
  line: 'the server is overloaded (503); try again in 5 s, as it asks',
  transient: { after: 5 },
});
const final = 'give the final address as --server, if you trust it with the token';
for (const status of [301, 302, 303, 307, 308])
  test(`a ${status}`, refused, reply(status, '', { location: 'https://elsewhere.example/\u001b[31m' }), {
    code: 'redirected',
    exitCode: 5,
    line: `the server answered ${status}, a redirect to https://elsewhere.example/ [31m, which is not followed; ${final}`,
  });
for (const status of [302, 304])
  test(`a ${status} that leads nowhere`, refused, reply(status), {
    code: 'not-the-endpoint',
    exitCode: 5,
    line: `that address does not lead to a Kubernetes API: ${status} with an empty answer; check --server: it ends where "/api/v1" begins, often in /kubernetes`,
  });
test('503 of a proxy that has nothing behind it', refused, reply(503, 'no healthy upstream'), {
  code: 'server-failed',
  exitCode: 5,
  line: 'the server failed (503): "no healthy upstream"; try again; its log has more',
  transient: { after: undefined },
});
test(
  'plain HTTP at a port for HTTPS',
  refused,
  reply(400, '<html>The plain HTTP request was sent to HTTPS port</html>'),
  { code: 'not-the-endpoint', exitCode: 5, line: 'that port speaks HTTPS; write https:// in --server' },
);

test('what a server says is cut, on one line, and without tokens', async (t) => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';
  const error = await fails(
    t,
    () => judgeReply(target, reply(418, `tea\n\u001b[0m${token} ${'x'.repeat(9000)}`), asked),
    {
      code: 'not-the-endpoint',
      exitCode: 5,
      line: /"tea  \[0m\[token\] x+…"/,
    },
  );
  t.true(error.message.length < 500);
});

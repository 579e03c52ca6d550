/** Every sentence of src/errors/, once: its exit code, its code, what failed, and what to do. */
import test from 'ava';
import * as apiServer from '../../../src/errors/api-server.ts';
import { errorCodes } from '../../../src/errors/codes.ts';
import { describe, type SaTokenError } from '../../../src/errors/error.ts';
import * as exchange from '../../../src/errors/exchange.ts';
import * as http from '../../../src/errors/http.ts';
import * as machine from '../../../src/errors/machine.ts';
import * as usage from '../../../src/errors/usage.ts';

const said = new Set<unknown>();

/** The failure that a constructor makes; the constructor is noted. */
function say<Known extends unknown[]>(
  make: (...known: Known) => SaTokenError,
  ...known: Known
): SaTokenError {
  said.add(make);
  return make(...known);
}

// prettier-ignore
const sentences: [SaTokenError, string][] = [
  // What the person can correct at once.
  [say(usage.badValue, '--duration', '"soon" is no duration', 'write 1h or 30m'),
    '2 bad-value: --duration: "soon" is no duration; write 1h or 30m'],
  [say(usage.badUsage, 'unknown argument: servre', 'login'),
    '2 bad-usage: unknown argument: servre; see "kubectl sa-token login --help"'],
  [say(usage.tokenOnCommandLine, '--token'),
    '2 token-on-command-line: --token: a token on the command line can be read by every process on this machine; use the prompt, --token-stdin, --token-file or --from-secret; treat that token as leaked'],
  [say(usage.missingSetting, 'server', 'profile "prod"', 'add --server https://HOST/kubernetes'),
    '2 missing-setting: profile "prod" has no --server; add --server https://HOST/kubernetes'],
  [say(usage.hookRefused, '--server'),
    '2 hook-refused: a kubeconfig may only name the profile ("get-token PROFILE"), so --server is refused (KUBERNETES_EXEC_INFO is set); set it in the profile: kubectl sa-token login --help'],
  [say(usage.otherWay, { profile: 'prod', name: 'server', own: 'server https://a', value: 'server https://b' }, undefined),
    '2 other-way: profile "prod" has server https://a, and this call has server https://b. A profile\'s source token goes where its profile says; leave out --server, or log in to another profile with it'],
  [say(usage.otherWay, { profile: 'prod', name: 'server', own: 'server https://a', value: 'server https://b' }, 'KUBECTL_SA_TOKEN_SERVER'),
    '2 other-way: profile "prod" has server https://a, and this call has server https://b. A profile\'s source token goes where its profile says; unset KUBECTL_SA_TOKEN_SERVER'],
  [say(usage.tokenOfOtherWay, 'prod', 'server https://b'),
    '2 other-way: profile "prod": the stored token was not sent, since the profile now has server https://b; to use it so, if you trust that: kubectl sa-token login prod --from-profile prod'],
  [say(usage.badKeychainItem, 'prod', 'holds something else', 'log in again'),
    '3 bad-keychain-item: the keychain item of profile "prod" holds something else; log in again'],
  [say(usage.loginReplaces, 'prod', ['server https://a → https://b', 'account a/x → a/y']),
    '2 login-replaces: profile "prod" has a login already: server https://a → https://b; account a/x → a/y. Nothing was sent or changed; add --force to replace it, or take another profile name'],
  [say(usage.proposalUnseen, 'team'),
    '2 no-terminal: there is no terminal to ask whether what context "team" proposes is right. Nothing was sent; check the lines above, then add --yes'],
  [say(usage.noSource),
    '2 missing-setting: no source token; give a PROFILE, or --source-env, --source-file or --source-command'],
  [say(usage.badProfileName, 'Prod'),
    '2 bad-profile-name: profile name "Prod" is not usable; use lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 100'],
  [say(usage.unknownProfile, 'prod', '/home/me/.kube/sa-token.yaml', []),
    '2 unknown-profile: there is no profile "prod" in /home/me/.kube/sa-token.yaml; make it with: kubectl sa-token login prod --server https://HOST/kubernetes'],
  [say(usage.unknownProfile, 'prdo', '/home/me/.kube/sa-token.yaml', ['prod', 'test']),
    '2 unknown-profile: there is no profile "prdo" in /home/me/.kube/sa-token.yaml; name one that is there: prod, test'],
  [say(usage.noProfile, '~/.kube/sa-token.yaml', []),
    '2 no-profile: no profile named, and the flags do not name server, namespace and service account; make a profile with "kubectl sa-token login"'],
  [say(usage.noProfile, '~/.kube/sa-token.yaml', ['prod', 'test']),
    '2 no-profile: no profile named, and the flags do not name server, namespace and service account; name one of ~/.kube/sa-token.yaml: prod, test'],
  [say(usage.badProfileFile, 'sa-token.yaml:3', 'unknown key "sever"'),
    '2 bad-profile-file: sa-token.yaml:3: unknown key "sever"; correct the file by hand; it was left as it is'],
  [say(usage.badProfileFile, 'sa-token.yaml:3', 'unknown key "sever"', 'did you mean "server"?'),
    '2 bad-profile-file: sa-token.yaml:3: unknown key "sever"; did you mean "server"?'],
  [say(usage.badExecInfo, 'is no JSON'),
    '2 bad-exec-info: KUBERNETES_EXEC_INFO is no JSON; set apiVersion: client.authentication.k8s.io/v1 in the kubeconfig user\'s "exec", or unset the variable'],
  [say(usage.unreadableFile, '--token-file', '/nope', new Error('ENOENT: no such file or directory, open')),
    '2 unreadable-file: --token-file: cannot read /nope (ENOENT: no such file or directory); check the path and its permissions'],
  [say(usage.unwritableFile, '/etc/x', new Error('EACCES: permission denied, open')),
    '2 unwritable-file: cannot write /etc/x (EACCES: permission denied); check its folder, permissions and free space; nothing was changed'],
  [say(usage.notLoggedOut, 'cannot remove ~/.kube/cache/sa-token/prod', new Error('EACCES: permission denied, unlink')),
    '2 unwritable-file: cannot remove ~/.kube/cache/sa-token/prod (EACCES: permission denied); the logout is not complete. Correct that, then run the same command again'],
  [say(usage.badToken, '--token-file', 'holds more than one word or line'),
    '2 bad-token: --token-file: holds more than one word or line; give the whole token of a ServiceAccount, and nothing else'],
  [say(usage.badToken, '--token-file', 'is empty', 'write the token into it'),
    '2 bad-token: --token-file: is empty; write the token into it'],
  [say(usage.noTerminal),
    '2 no-terminal: there is no terminal to ask for the token on; use --token-stdin, --token-file FILE or --from-secret NAMESPACE/NAME'],
  [say(usage.interrupted),
    '1 interrupted: interrupted; nothing was written'],
  [say(usage.notLoggedIn, 'prod', 'keychain for team-a/robot', 'log in: kubectl sa-token login prod'),
    '3 not-logged-in: prod: no source token in keychain for team-a/robot; log in: kubectl sa-token login prod'],
  [say(usage.badKubeconfig, '/home/me/.kube/config', 'is not YAML'),
    '2 bad-kubeconfig: /home/me/.kube/config: is not YAML; correct the file; nothing was changed'],
  [say(usage.unknownStyle, '/home/me/.kube/config', 'prod'),
    '2 bad-kubeconfig: /home/me/.kube/config: is written in a way that user "prod" cannot be set without touching the rest; nothing was changed; set the user by hand, as the same command with --dry-run prints it'],
  [say(usage.wrongAccount, 'prod', 'team-a/robot', 'team-b/robot'),
    '2 wrong-account: the token is of team-b/robot, but profile "prod" is for team-a/robot; use another profile name, or name the account with --namespace and --service-account'],
  [say(usage.noSecretToken, 'team-a/robot-token', 'it is of type Opaque'),
    '2 no-secret-token: cannot take the token from Secret team-a/robot-token: it is of type Opaque; check the name, and that the kubeconfig\'s user may "get" it (--kubeconfig, --context)'],
  [say(usage.noPlugin, 'kubectl-sa_token'),
    '2 plugin-not-on-path: kubectl-sa_token is not on PATH; install it (kubectl krew install sa-token) or leave out --absolute'],
  [say(usage.otherUser, '/home/me/.kube/config', 'prod', 'a client certificate'),
    '2 other-user: /home/me/.kube/config: user "prod" logs in by a client certificate; give another name with --user, or --force to replace it (a backup is kept)'],

  // This machine.
  [say(machine.keychainUnavailable, 'there is no D-Bus session'),
    '6 keychain-unavailable: the keychain is not available: there is no D-Bus session; keep the source token elsewhere with source-file, source-command (pass, op, vault, …) or source-env in the profile'],
  [say(machine.keychainUnavailable, 'it is locked'),
    '6 keychain-unavailable: the keychain is not available: it is locked; unlock it, or keep the source token elsewhere with source-file, source-command (pass, op, vault, …) or source-env in the profile'],
  [say(machine.keychainTooSmall, 3000, 2560),
    '6 keychain-too-small: the token and its connection settings have 3000 bytes, and this keychain takes at most 2560; keep the source token elsewhere with source-file, source-command (pass, op, vault, …) or source-env in the profile'],
  [say(machine.keychainLies),
    '6 keychain-write-lost: the keychain reported success but does not give the token back; keep the source token elsewhere with source-file, source-command (pass, op, vault, …) or source-env in the profile'],
  [say(machine.keychainForgetful),
    '6 keychain-does-not-delete: the keychain does not delete what it is told to delete; keep the source token elsewhere with source-file, source-command (pass, op, vault, …) or source-env in the profile'],
  [say(machine.talkativeNode, ['NODE_DEBUG']),
    '2 talkative-node: Node writes to standard error here, tokens among it, while one of NODE_DEBUG is set; unset it'],
  [say(machine.outputFailed, new Error('ENOSPC: no space left on device, write')),
    '1 output-failed: cannot write to standard output (ENOSPC: no space left on device); check where it leads'],
  [say(machine.locked),
    '1 locked: another login or logout is running; try again when it has ended'],
  [say(machine.unsafeFile, '/home/me/.kube/sa-token.yaml', 'can be written by others', 'chmod go-w /home/me/.kube/sa-token.yaml'),
    '7 unsafe-file: /home/me/.kube/sa-token.yaml can be written by others; chmod go-w /home/me/.kube/sa-token.yaml'],
  [say(machine.sourceCommandFailed, 'ended with exit code 3'),
    '3 source-command-failed: source-command ended with exit code 3; run that command by hand: it must print the token and nothing else'],
  [say(machine.sourceTooLate, 2),
    '6 source-timed-out: the source token was not there within 2 s; unlock the keychain, or see what keeps source-command'],

  // A server, or the way to it.
  [say(http.redirected, 'team-a/robot@https://h', 302, 'https://sso.example'),
    '5 redirected: team-a/robot@https://h: the server answered 302, a redirect to https://sso.example, which is not followed; give the final address as --server, if you trust it with the token'],
  [say(http.redirected, 'team-a/robot@https://h', 302, ''),
    '5 redirected: team-a/robot@https://h: the server answered 302, a redirect to nowhere, which is not followed; give the final address as --server, if you trust it with the token'],
  [say(http.overloaded, 'team-a/robot@https://h', 429, undefined),
    '5 overloaded: team-a/robot@https://h: the server is overloaded (429); try again in a moment'],
  [say(http.overloaded, 'team-a/robot@https://h', 429, 7),
    '5 overloaded: team-a/robot@https://h: the server is overloaded (429); try again in 7 s, as it asks'],
  [say(http.serverFailed, 'team-a/robot@https://h', 502, 'Bad Gateway'),
    '5 server-failed: team-a/robot@https://h: the server failed (502): "Bad Gateway"; try again; its log has more'],
  [say(http.serverFailed, 'team-a/robot@https://h', 502, ''),
    '5 server-failed: team-a/robot@https://h: the server failed (502): with an empty answer; try again; its log has more'],
  [say(http.badAnswer, 'team-a/robot@https://h', 'the answer holds no token'),
    '5 bad-answer: team-a/robot@https://h: the answer holds no token; nothing was kept; check what serves this address'],
  [say(http.timedOut, 'team-a/robot@https://h', 29.96, 'connecting'),
    '5 timed-out: team-a/robot@https://h: no answer within 30 s (connecting); check the network and proxy settings, or give more time with --timeout'],
  [say(http.cannotConnect, 'team-a/robot@https://h', 'connect ECONNREFUSED', undefined),
    '5 cannot-connect: team-a/robot@https://h: cannot connect: connect ECONNREFUSED; check --server, the network, HTTPS_PROXY and NO_PROXY'],
  [say(http.fakeCertificate, 'team-a/robot@https://h', undefined),
    '5 fake-certificate: team-a/robot@https://h: the ingress controller answered with its own "Kubernetes Ingress Controller Fake Certificate"; the ingress has no TLS certificate for this host: its "tls" section or Secret is missing, or the host name is wrong'],
  [say(http.untrusted, 'team-a/robot@https://h', 'it is self-signed', undefined),
    "5 untrusted-certificate: team-a/robot@https://h: the server's certificate is not trusted: it is self-signed; give its CA with --certificate-authority FILE, or its name with --tls-server-name; the token was not sent"],
  [say(http.untrusted, 'team-a/robot@https://h', 'it has expired (or the clock here is ahead)', undefined),
    "5 untrusted-certificate: team-a/robot@https://h: the server's certificate is not trusted: it has expired (or the clock here is ahead); check the clock of this machine, or have the certificate renewed; the token was not sent"],
  [say(http.badTls, 'https://h', 'the certificate-authority given holds no certificate', undefined),
    '2 bad-tls-file: https://h: the certificate-authority given holds no certificate; certificates and keys are PEM files'],

  // The exchange.
  [say(exchange.unauthorized, 'team-a/robot@https://h'),
    '4 unauthorized: team-a/robot@https://h: the source token was refused (401): it was revoked, has expired, or is for another cluster; get a new one, then run: kubectl sa-token login PROFILE (or put it where the profile reads it)'],
  [say(exchange.forbidden, 'team-a/robot@https://h', { serviceAccount: 'robot', namespace: 'team-a' }, ''),
    '4 forbidden: team-a/robot@https://h: the source token may not create tokens for this account (403); let it "create" "serviceaccounts/token" with resourceNames [robot] by a Role in team-a; or, if it is for another account, name that with --service-account'],
  [say(exchange.forbidden, 'team-a/robot@https://h', { serviceAccount: 'robot', namespace: 'team-a' }, 'cannot create'),
    '4 forbidden: team-a/robot@https://h: the source token may not create tokens for this account (403): cannot create; let it "create" "serviceaccounts/token" with resourceNames [robot] by a Role in team-a; or, if it is for another account, name that with --service-account'],
  [say(exchange.anonymous, 'team-a/robot@https://h'),
    '4 anonymous: team-a/robot@https://h: the API server saw no token (403 for system:anonymous); something between removes the Authorization header: check the proxy or gateway'],
  [say(exchange.accountNotFound, 'team-a/robot@https://h', 'serviceaccounts "robot" not found'),
    '4 account-not-found: team-a/robot@https://h: serviceaccounts "robot" not found (404); check namespace and service account, or create it; a token bound to a deleted object needs a new login'],
  [say(exchange.noTokenRequest, 'team-a/robot@https://h'),
    '4 no-token-request: team-a/robot@https://h: the API server does not serve TokenRequest (404); it is older than Kubernetes 1.20 or has it switched off; or --server has more before "/api/v1" than it should'],
  [say(exchange.conflict, 'team-a/robot@https://h', 'the UID does not match'),
    '4 conflict: team-a/robot@https://h: the account or the bound object was deleted and made again: the UID does not match; log in with a token of the new one: kubectl sa-token login PROFILE'],
  [say(exchange.invalidRequest, 'team-a/robot@https://h', 422, 'spec.expirationSeconds is too small'),
    '4 invalid-request: team-a/robot@https://h: the API server does not take the request (422): spec.expirationSeconds is too small; change that setting in the profile or on the command line'],
  [say(exchange.unknownIssuer, 'team-a/robot@https://h', 'Jwt issuer is not configured'),
    '4 gateway-refused: team-a/robot@https://h: a gateway in front of the API server refused the token (401): "Jwt issuer is not configured"; let the gateway\'s token check leave the TokenRequest path alone (Istio: RequestAuthentication), or go round it'],
  [say(exchange.proxyRefused, 'team-a/robot@https://h', 403, 'RBAC: access denied'),
    '4 proxy-refused: team-a/robot@https://h: the proxy, not Kubernetes, answered 403 "RBAC: access denied"; the proxy must pass POST …/token with its Authorization header on to the API server'],
  [say(exchange.notTheEndpoint, 'team-a/robot@https://h', 404, 'page not found'),
    '5 not-the-endpoint: team-a/robot@https://h: that address does not lead to a Kubernetes API: 404 "page not found"; check --server: it ends where "/api/v1" begins, often in /kubernetes'],
  [say(exchange.wrongScheme, 'team-a/robot@http://h:443'),
    '5 not-the-endpoint: team-a/robot@http://h:443: that port speaks HTTPS; write https:// in --server'],

  // An API server beside the exchange.
  [say(apiServer.noKubeconfig, '/home/me/.kube/config'),
    '2 no-kubeconfig: there is no kubeconfig at /home/me/.kube/config; name one with --kubeconfig or KUBECONFIG'],
  [say(apiServer.unloadable, 'error loading config file "/home/me/.kube/config": duplicate name "robot" in list'),
    '2 bad-kubeconfig: kubectl cannot load the kubeconfig: error loading config file "/home/me/.kube/config": duplicate name "robot" in list; correct that file'],
  [say(apiServer.badKuberc, '/home/me/.kube/kuberc', 'unknown kind'),
    '2 bad-kuberc: /home/me/.kube/kuberc: unknown kind; correct the file, or have kubectl ignore it: export KUBERC=off'],
  [say(apiServer.noContext, '', []),
    '2 no-context: the kubeconfig has no current context; name another file with --kubeconfig'],
  [say(apiServer.noContext, 'prdo', ['prod', 'test']),
    '2 no-context: the kubeconfig has no context "prdo"; name one with --context: prod, test'],
  [say(apiServer.notAllowed, 'https://h', 'review tokens', 'tokenreviews is forbidden', 'name another context with --context'),
    "4 not-allowed: https://h: the kubeconfig's user may not review tokens (403): tokenreviews is forbidden; name another context with --context"],
  [say(apiServer.notLoggedInThere, 'https://h'),
    "4 kubeconfig-refused: https://h: the kubeconfig's user is refused (401); see whether it still works: kubectl auth whoami; or name another context with --context"],
  [say(apiServer.notServed, 'https://h', 'SelfSubjectReview (404)', 'name the API server itself with --context NAME'),
    '5 not-served: https://h does not serve SelfSubjectReview (404); name the API server itself with --context NAME'],
  [say(apiServer.apiFailed, 'https://h', 'answered 500'),
    '5 api-failed: https://h: answered 500; see whether it answers kubectl: kubectl get --raw /version; or name another context with --context'],
  [say(apiServer.noContextPlugin, 'gke-gcloud-auth-plugin', undefined),
    "2 no-context-plugin: the context's credential plugin gke-gcloud-auth-plugin is not on PATH; install it, or name another context with --context"],
  [say(apiServer.contextPluginFailed, 'gke-gcloud-auth-plugin', 'ended with exit code 1'),
    "5 context-plugin-failed: the context's credential plugin gke-gcloud-auth-plugin ended with exit code 1; see whether kubectl can use that context: kubectl auth whoami; or name another one with --context"],
  [say(apiServer.unsafeCluster, 'http://h', 'a token would cross the network in the clear', 'name another context with --context'),
    '2 unsafe-cluster: http://h: a token would cross the network in the clear; name another context with --context'],
  [say(apiServer.tokenRefused, 'the issued token', 'https://h', 'token lookup failed', 'see the log of the API server'),
    '4 token-refused: https://h refuses the issued token: token lookup failed; see the log of the API server'],
  [say(apiServer.selfRefused, 'https://h'),
    '4 issued-token-refused: https://h: the issued token is refused (401): it was revoked, or is for another cluster; ask why, as somebody who may: kubectl sa-token review PROFILE --context CONTEXT'],
  [say(apiServer.selfRefused, 'https://h', { profile: 'prod', kubeconfig: '/my config', audience: ['vault'] }),
    "4 issued-token-refused: https://h: the issued token is refused (401): it is for the audience vault; the API server takes tokens for itself: use a profile without --audience; or ask why, as somebody who may: kubectl sa-token review prod --kubeconfig='/my config' --context CONTEXT"],
  [say(apiServer.sourceRefused, exchange.unauthorized('team-a/robot@https://h'), 'prod', 'admin'),
    '4 unauthorized: team-a/robot@https://h: the source token was refused (401): it was revoked, has expired, or is for another cluster; get a new one, then run: kubectl sa-token login PROFILE (or put it where the profile reads it); or see why: kubectl sa-token review prod --source --context admin'],
  [say(apiServer.selfForbidden, 'https://h', 'selfsubjectreviews is forbidden'),
    '4 whoami-forbidden: https://h: the issued token may not ask who it is (403): selfsubjectreviews is forbidden; the ClusterRole system:basic-user allows it to everybody who is authenticated: see whether its binding is there'],
  [say(apiServer.keysUnreachable, 'https://issuer', 'connect ECONNREFUSED'),
    "5 keys-unreachable: cannot read the issuer's keys at https://issuer: connect ECONNREFUSED; read them through the API server with --context NAME, or name another issuer with --issuer-url"],
  [say(apiServer.badKeys, 'https://issuer', 'the answer is no JWKS'),
    '5 bad-keys: https://issuer: the answer is no JWKS; read the keys through the API server with --context NAME, or name another issuer with --issuer-url'],
  [say(apiServer.unknownIssuer, 'kubernetes/serviceaccount'),
    '2 unknown-issuer: the issuer "kubernetes/serviceaccount" is no https:// address, so its keys cannot be found by it; read them through the API server with --context NAME, or give --issuer-url'],
  [say(apiServer.notVerified, 'the issued token', 'no key of the issuer signed it'),
    '4 not-verified: the issued token: no key of the issuer signed it; it is for another cluster, or the keys were changed since: log in again, or check where the keys were read'],
];

test('every failure has its words, its code and its exit code', (t) => {
  t.deepEqual(
    sentences.map(([error]) => `${error.exitCode} ${error.code}: ${describe(error)}`),
    sentences.map(([, line]) => line),
  );
});

test('the list has every code and every constructor', (t) => {
  const codes = new Set(sentences.map(([{ code }]) => code));
  t.deepEqual([...codes].toSorted(), Object.keys(errorCodes).toSorted());
  // These make parts of a line, or a line of another kind.
  const parts = new Set(['said', 'shellWord', 'deleteUser', 'kubeconfigFlag', 'freshTokenRefused']);
  const makers = [usage, machine, http, exchange, apiServer].flatMap((area) =>
    Object.entries<unknown>({ ...area }),
  );
  t.deepEqual(
    makers.filter(([name, make]) => !parts.has(name) && !said.has(make)).map(([name]) => name),
    [],
  );
});

/** Words for what the person can correct at once: bad arguments, bad files, no login. Exit codes 2 and 3; 1 for Ctrl-C. */
import { messageOf, oneLine, words } from './error.ts';

/** A value that its setting does not take. `where` names the flag, the variable or file, line and key. */
export const badValue = words('bad-value', (where: string, problem: string, hint?: string) => [
  `${where}: ${problem}`,
  hint,
]);

/** yargs' own complaint, or ours, about the command line as a whole. */
export const badUsage = words('bad-usage', (what: string, command: string = '') => [
  what,
  `see "kubectl sa-token ${command === '' ? '' : `${command} `}--help"`,
]);

export const tokenOnCommandLine = words('token-on-command-line', (where: string) => [
  `${where}: a token on the command line can be read by every process on this machine`,
  'use the prompt, --token-stdin, --token-file or --from-secret; treat that token as leaked',
]);

export const missingSetting = words('missing-setting', (flag: string, forWhat: string, hint: string) => [
  `${forWhat} has no --${flag}`,
  hint,
]);

/** @param what - an argument, a variable, or a key of the cluster's extension, without its value */
export const hookRefused = words('hook-refused', (what: string) => [
  `a kubeconfig may only name the profile ("get-token PROFILE"), so ${what} is refused (KUBERNETES_EXEC_INFO is set)`,
  'set it in the profile: kubectl sa-token login --help',
]);

/**
 * A call with a profile, and with another server, CA or source than the profile's.
 *
 * @param own - the profile's value, and `value` the call's, where they may be shown
 * @param variable - that the call's value may come from
 */
export const otherWay = words(
  'other-way',
  (
    { profile, name, own, value }: { profile: string; name: string; own: string; value: string },
    variable: string | undefined,
  ) => [
    `profile "${profile}" has ${own}, and this call has ${value}. A profile's source token goes where its profile says`,
    variable === undefined
      ? `leave out --${name}, or log in to another profile with it`
      : `unset ${variable}`,
  ],
);

/** The way of a stored token is not that of the profile, as it is now. */
export const tokenOfOtherWay = words('other-way', (profile: string, differs: string) => [
  `profile "${profile}": the stored token was not sent, since the profile now has ${differs}`,
  `to use it so, if you trust that: kubectl sa-token login ${profile} --from-profile ${profile}`,
]);

/** The item that a profile's token should be in. */
export const badKeychainItem = words(
  'bad-keychain-item',
  (profile: string, problem: string, hint: string) => [
    `the keychain item of profile "${profile}" ${problem}`,
    hint,
  ],
);

/** @param changes - what the login would change, for a person */
export const loginReplaces = words('login-replaces', (profile: string, changes: readonly string[]) => [
  `profile "${profile}" has a login already: ${changes.join('; ')}. Nothing was sent or changed`,
  'add --force to replace it, or take another profile name',
]);

/** Nobody has seen where the token would go. */
export const proposalUnseen = words('no-terminal', (context: string) => [
  `there is no terminal to ask whether what context "${context}" proposes is right. Nothing was sent`,
  'check the lines above, then add --yes',
]);

/** A call of flags and variables alone that says where to send a token, and not which. */
export const noSource = words('missing-setting', () => [
  'no source token',
  'give a PROFILE, or --source-env, --source-file or --source-command',
]);

export const badProfileName = words('bad-profile-name', (name: string) => [
  `profile name ${JSON.stringify(name)} is not usable`,
  'use lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 100',
]);

/** @param file - its whole path: with another HOME, as under sudo, it is another file */
export const unknownProfile = words(
  'unknown-profile',
  (profile: string, file: string, known: readonly string[]) => [
    `there is no profile "${profile}" in ${file}`,
    known.length === 0
      ? `make it with: kubectl sa-token login ${profile} --server https://HOST/kubernetes`
      : `name one that is there: ${known.join(', ')}`,
  ],
);

export const noProfile = words('no-profile', (file: string, known: readonly string[]) => [
  'no profile named, and the flags do not name server, namespace and service account',
  known.length === 0
    ? `make a profile with "kubectl sa-token login"`
    : `name one of ${file}: ${known.join(', ')}`,
]);

/** A profile file that cannot be used; `where` is file and line. Nothing is written to such a file. */
export const badProfileFile = words(
  'bad-profile-file',
  (where: string, problem: string, hint?: string, cause?: unknown) => [
    `${where}: ${problem}`,
    hint ?? 'correct the file by hand; it was left as it is',
    cause,
  ],
);

export const badExecInfo = words('bad-exec-info', (problem: string) => [
  `KUBERNETES_EXEC_INFO ${problem}`,
  'set apiVersion: client.authentication.k8s.io/v1 in the kubeconfig user\'s "exec", or unset the variable',
]);

/** What the system said, without the call and the path that Node adds. */
const reasonOf = (cause: unknown): string => messageOf(cause).replace(/,.*/s, '');

export const unreadableFile = words('unreadable-file', (where: string, file: string, cause: unknown) => [
  `${where}: cannot read ${file} (${reasonOf(cause)})`,
  'check the path and its permissions',
  cause,
]);

export const unwritableFile = words('unwritable-file', (file: string, cause: unknown) => [
  `cannot write ${file} (${reasonOf(cause)})`,
  'check its folder, permissions and free space; nothing was changed',
  cause,
]);

/** A logout that stops half-way: what it removed is gone, and the same command removes the rest. */
export const notLoggedOut = words('unwritable-file', (problem: string, cause: unknown) => [
  `${problem} (${reasonOf(cause)})`,
  'the logout is not complete. Correct that, then run the same command again',
  cause,
]);

export const badToken = words(
  'bad-token',
  (
    where: string,
    problem: string,
    hint: string = 'give the whole token of a ServiceAccount, and nothing else',
  ) => [`${where}: ${problem}`, hint],
);

export const noTerminal = words('no-terminal', () => [
  'there is no terminal to ask for the token on',
  'use --token-stdin, --token-file FILE or --from-secret NAMESPACE/NAME',
]);

export const interrupted = words('interrupted', () => ['interrupted; nothing was written']);

/** No source token where the profile says it is. */
export const notLoggedIn = words('not-logged-in', (who: string, where: string, hint: string) => [
  `${who}: no source token in ${where}`,
  hint,
]);

export const badKubeconfig = words('bad-kubeconfig', (file: string, problem: string, cause?: unknown) => [
  `${file}: ${oneLine(problem, 300)}`,
  'correct the file; nothing was changed',
  cause,
]);

/** YAML has more ways to write a list than an edit that keeps every other byte can know. */
export const unknownStyle = words('bad-kubeconfig', (file: string, user: string) => [
  `${file}: is written in a way that user "${user}" cannot be set without touching the rest`,
  'nothing was changed; set the user by hand, as the same command with --dry-run prints it',
]);

/** One word of a command line to copy, however it is written. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

export const wrongAccount = words('wrong-account', (profile: string, before: string, now: string) => [
  `the token is of ${now}, but profile "${profile}" is for ${before}`,
  'use another profile name, or name the account with --namespace and --service-account',
]);

export const noSecretToken = words(
  'no-secret-token',
  (
    secret: string,
    why: string,
    hint: string = 'check the name, and that the kubeconfig\'s user may "get" it (--kubeconfig, --context)',
  ) => [`cannot take the token from Secret ${secret}: ${why}`, hint],
);

export const noPlugin = words('plugin-not-on-path', (name: string) => [
  `${name} is not on PATH`,
  'install it (kubectl krew install sa-token) or leave out --absolute',
]);

export const otherUser = words('other-user', (file: string, user: string, means: string) => [
  `${file}: user "${user}" logs in by ${means}`,
  'give another name with --user, or --force to replace it (a backup is kept)',
]);

/** A user whose profile is gone. */
export function deleteUser(user: string, kubeconfig?: string): string {
  return `kubectl config delete-user ${shellWord(user)}${kubeconfigFlag(kubeconfig)}`;
}

/** The file that was named, for a command that has to change the same. */
export function kubeconfigFlag(kubeconfig: string | undefined): string {
  return kubeconfig === undefined ? '' : ` --kubeconfig=${shellWord(kubeconfig)}`;
}

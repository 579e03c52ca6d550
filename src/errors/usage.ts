/** Words for what the person can mend at once: bad arguments, bad files, no login. Exit codes 2 and 3; 1 for Ctrl-C. */
import { exit, messageOf, SaTokenError } from './error.ts';

const usage = (code: string, what: string, hint?: string, cause?: unknown): SaTokenError =>
  new SaTokenError({ code, exitCode: exit.usage, what, hint, cause });

/** A value that its setting does not take. `where` names the flag, the variable or file, line and key. */
export const badValue = (where: string, problem: string, hint?: string): SaTokenError =>
  usage('bad-value', `${where}: ${problem}`, hint);

/** yargs' own complaint, or ours, about the command line as a whole. */
export const badUsage = (what: string, command = ''): SaTokenError =>
  usage('bad-usage', what, `see "kubectl sa-token ${command === '' ? '' : `${command} `}--help"`);

export const tokenOnCommandLine = (where: string): SaTokenError =>
  usage(
    'token-on-command-line',
    `${where}: a token on the command line can be read by every process on this machine`,
    'use the prompt, --token-stdin, --token-file or --from-secret; treat that token as leaked',
  );

export const missingSetting = (flag: string, forWhat: string, hint: string): SaTokenError =>
  usage('missing-setting', `${forWhat} has no --${flag}`, hint);

/** Of one level, so that neither goes before the other. */
export const severalSources = (named: readonly string[]): SaTokenError =>
  usage('bad-value', `${named.join(' and ')} exclude each other`, 'give one of them');

/** @param what - an argument, a variable, or a key of the cluster's extension, without its value */
export const hookRefused = (what: string): SaTokenError =>
  usage(
    'hook-refused',
    `a kubeconfig may only name the profile ("get-token PROFILE"), so ${what} is refused (KUBERNETES_EXEC_INFO is set)`,
    'set it in the profile: kubectl sa-token login --help',
  );

/**
 * A call with a profile, and with another server, CA or source than the profile's.
 *
 * @param own - the profile's value, and `value` the call's, where they may be shown
 * @param variable - that the call's value may come from
 */
export const otherWay = (
  { profile, name, own, value }: { profile: string; name: string; own: string; value: string },
  variable: string | undefined,
): SaTokenError =>
  usage(
    'other-way',
    `profile "${profile}" has ${own}, and this call has ${value}. A profile's source token goes where its profile says`,
    variable === undefined
      ? `leave out --${name}, or log in to another profile with it`
      : `unset ${variable}`,
  );

/** The way of a stored token is not that of the profile, as it is now. */
export const tokenOfOtherWay = (profile: string, differs: string): SaTokenError =>
  usage(
    'other-way',
    `profile "${profile}": the stored token was not sent, since the profile now has ${differs}`,
    `to use it so, if you trust that: kubectl sa-token login ${profile} --from-profile ${profile}`,
  );

/** The item that a profile's token should be in. */
export const badKeychainItem = (profile: string, problem: string, hint: string): SaTokenError =>
  new SaTokenError({
    code: 'bad-keychain-item',
    exitCode: exit.notLoggedIn,
    what: `the keychain item of profile "${profile}" ${problem}`,
    hint,
  });

/** @param changes - what the login would change, for a person */
export const loginReplaces = (profile: string, changes: readonly string[]): SaTokenError =>
  usage(
    'login-replaces',
    `profile "${profile}" has a login already: ${changes.join('; ')}. Nothing was sent or changed`,
    'add --force to replace it, or take another profile name',
  );

/** Nobody has seen where the token would go. */
export const proposalUnseen = (context: string): SaTokenError =>
  usage(
    'no-terminal',
    `there is no terminal to ask whether what context "${context}" proposes is right. Nothing was sent`,
    'check the lines above, then add --yes',
  );

/** A call of flags and variables alone that says where to send a token, and not which. */
export const noSource = (): SaTokenError =>
  usage(
    'missing-setting',
    'no source token',
    'give a PROFILE, or --source-env, --source-file or --source-command',
  );

export const badProfileName = (name: string): SaTokenError =>
  usage(
    'bad-profile-name',
    `profile name ${JSON.stringify(name)} is not usable`,
    'use lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 100',
  );

/** @param file - its whole path: with another HOME, as under sudo, it is another file */
export const unknownProfile = (profile: string, file: string, known: readonly string[]): SaTokenError =>
  usage(
    'unknown-profile',
    `there is no profile "${profile}" in ${file}`,
    known.length === 0
      ? `make it with: kubectl sa-token login ${profile} --server https://HOST/kubernetes`
      : `name one that is there: ${known.join(', ')}`,
  );

export const noProfile = (file: string, known: readonly string[]): SaTokenError =>
  usage(
    'no-profile',
    'no profile named, and the flags do not name server, namespace and service account',
    known.length === 0
      ? `make a profile with "kubectl sa-token login"`
      : `name one of ${file}: ${known.join(', ')}`,
  );

/** A profile file that cannot be used; `where` is file and line. Nothing is written to such a file. */
export const badProfileFile = (
  where: string,
  problem: string,
  hint?: string,
  cause?: unknown,
): SaTokenError =>
  usage(
    'bad-profile-file',
    `${where}: ${problem}`,
    hint ?? 'mend the file by hand; it was left as it is',
    cause,
  );

export const badExecInfo = (problem: string): SaTokenError =>
  usage(
    'bad-exec-info',
    `KUBERNETES_EXEC_INFO ${problem}`,
    'set apiVersion: client.authentication.k8s.io/v1 in the kubeconfig user\'s "exec", or unset the variable',
  );

/** What the system said, without the call and the path that Node adds. */
const reasonOf = (cause: unknown): string => messageOf(cause).replace(/,.*/s, '');

export const unreadableFile = (where: string, file: string, cause: unknown): SaTokenError =>
  usage(
    'unreadable-file',
    `${where}: cannot read ${file} (${reasonOf(cause)})`,
    'check the path and its permissions',
    cause,
  );

export const unwritableFile = (file: string, cause: unknown): SaTokenError =>
  usage(
    'unwritable-file',
    `cannot write ${file} (${reasonOf(cause)})`,
    'check its folder, permissions and free space; nothing was changed',
    cause,
  );

/** A logout that stops half-way: what it removed is gone, and the same command removes the rest. */
export const notLoggedOut = (problem: string, cause: unknown): SaTokenError =>
  usage(
    'unwritable-file',
    `${problem} (${reasonOf(cause)})`,
    'the logout is not complete: mend that, then run the same command again',
    cause,
  );

export const badToken = (
  where: string,
  problem: string,
  hint = 'give the token of a ServiceAccount, alone and whole',
): SaTokenError => usage('bad-token', `${where}: ${problem}`, hint);

export const noTerminal = (): SaTokenError =>
  usage(
    'no-terminal',
    'there is no terminal to ask for the token on',
    'use --token-stdin, --token-file FILE or --from-secret NAMESPACE/NAME',
  );

export const interrupted = (): SaTokenError =>
  new SaTokenError({
    code: 'interrupted',
    exitCode: exit.unexpected,
    what: 'interrupted; nothing was written',
  });

/** No source token where the profile says it is. */
export const notLoggedIn = (who: string, where: string, hint: string): SaTokenError =>
  new SaTokenError({
    code: 'not-logged-in',
    exitCode: exit.notLoggedIn,
    what: `${who}: no source token in ${where}`,
    hint,
  });

export const badKubeconfig = (file: string, problem: string, cause?: unknown): SaTokenError =>
  usage('bad-kubeconfig', `${file}: ${problem}`, 'mend the file; nothing was changed', cause);

/** YAML has more ways to write a list than an edit that keeps every other byte can know. */
export const unknownStyle = (file: string, user: string, command: readonly string[]): SaTokenError =>
  usage(
    'bad-kubeconfig',
    `${file}: is written in a way that user "${user}" cannot be set without touching the rest`,
    `nothing was changed; set the user by hand, or let kubectl write the whole file anew: ${command.map(shellWord).join(' ')}`,
  );

/** One word of a command line to copy, however it is written. */
export const shellWord = (word: string): string =>
  /^[\w./@:=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

export const wrongAccount = (profile: string, before: string, now: string): SaTokenError =>
  usage(
    'wrong-account',
    `the token is of ${now}, but profile "${profile}" is for ${before}`,
    'use another profile name, or name the account with --namespace and --service-account',
  );

export const noSecretToken = (secret: string, why: string, cause?: unknown): SaTokenError =>
  usage(
    'no-secret-token',
    `cannot take the token from Secret ${secret}: ${why}`,
    'check the name, and that the kubeconfig\'s user may "get" it (--kubeconfig, --context)',
    cause,
  );

/** The control plane has not filled it yet. */
export const emptySecret = (secret: string): SaTokenError =>
  usage(
    'no-secret-token',
    `cannot take the token from Secret ${secret}: it holds no token yet`,
    'the control plane fills it: try again in a moment',
  );

export const noPlugin = (name: string): SaTokenError =>
  usage(
    'plugin-not-on-path',
    `${name} is not on PATH`,
    'install it (kubectl krew install sa-token) or leave out --absolute',
  );

export const otherUser = (file: string, user: string, means: string): SaTokenError =>
  usage(
    'other-user',
    `${file}: user "${user}" logs in by ${means}`,
    'give another name with --user, or --force to replace it (a backup is kept)',
  );

/** One word of a command line, however it is written. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** A user whose profile is gone. */
export function deleteUser(user: string, kubeconfig?: string): string {
  return `kubectl config delete-user ${quoted(user)}${kubeconfigFlag(kubeconfig)}`;
}

/** The file that was named, for a command that has to change the same. */
export function kubeconfigFlag(kubeconfig: string | undefined): string {
  return kubeconfig === undefined ? '' : ` --kubeconfig=${quoted(kubeconfig)}`;
}

/** What to do, in words, and as commands that a shell takes as they are. */
import { sourceKind } from '../source/source.ts';
import type { Facts } from './facts.ts';

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

/** Where the next source token has to go. */
export function renewSource(facts: Facts): string {
  const settings = facts.settings();
  const kind = sourceKind(settings);
  if (kind === 'file') return `put a new one into ${settings['source-file']}`;
  if (kind === 'env') return `set the variable ${settings['source-env']} to a new one`;
  if (kind === 'command') return 'see that what source-command prints is a new one';
  return `log in with a new one: kubectl sa-token login ${facts.given().profile ?? 'PROFILE'}`;
}

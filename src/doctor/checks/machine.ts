/** Checks of this machine: the plugin's name on PATH, the profile, the cache. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isPrivate } from '../../cache/folder.ts';
import { exit } from '../../errors/codes.ts';
import { SaTokenError } from '../../errors/error.ts';
import { findOnPath, pluginName } from '../../base/find-program.ts';
import { strangeVariables } from '../../settings/overrides.ts';
import { cacheFolder, shortPath, shownProfileFile } from '../../settings/paths.ts';
import { eachProfile } from '../../settings/profiles.ts';
import { fail, notNeeded, ok, warn, type Finding } from '../check.ts';
import type { Facts } from '../facts.ts';

export const remedyForPath =
  'install it (kubectl krew install sa-token), or put its folder on PATH (krew: export PATH="$HOME/.krew/bin:$PATH")';

/**
 * `kubectl sa-token` looks for `kubectl-sa_token` alone (src/CONTRACTS.md 4.1). Not found is a warning: the program runs, or
 * nobody would read this; a hook that needs the name is looked at with the kubeconfig.
 */
export function path({ host }: Facts): Finding {
  const found = findOnPath(host, pluginName);
  return found === undefined ? warn(`${pluginName} is not on PATH`, remedyForPath) : ok(found);
}

export function profile(facts: Facts): Finding {
  const { host } = facts;
  const given = facts.given();
  const { server, namespace, serviceAccount: account } = facts.settings();
  const where =
    given.profile === undefined
      ? 'from flags and variables'
      : `"${given.profile}" in ${shownProfileFile(host)}`;
  const who =
    namespace === undefined && account === undefined
      ? "the source token's own account"
      : `${namespace ?? "(the token's namespace)"}/${account ?? "(the token's account)"}`;
  const detail = `${where}: ${who} at ${server}`;
  const others = given.profile === undefined ? [] : eachProfile(host);
  for (const [name, found] of others)
    if (found instanceof SaTokenError)
      return warn(`${detail}; profile "${name}" cannot be used: ${found.message}`, found.hint ?? '');
  const [strange] = strangeVariables(host);
  return strange === undefined
    ? ok(detail)
    : warn(`${detail}; ${strange}`, 'rename it, or unset it: nothing reads it');
}

/** Entries that others could read are tokens that others may have. */
export function cache(facts: Facts): Finding {
  const { host } = facts;
  const kind = facts.settings().cache ?? 'disk';
  if (kind !== 'disk') return notNeeded(`cache: ${kind}`);
  const folder = cacheFolder(host);
  const shown = shortPath(folder, host.home);
  const status = lstatSync(folder, { throwIfNoEntry: false });
  if (status === undefined) return ok(`${shown}: nothing is cached yet`);
  if (!status.isDirectory() || (host.uid !== undefined && status.uid !== host.uid))
    return fail(
      `${shown} is not a folder of yours`,
      'set KUBECACHEDIR to a folder of your own',
      exit.unsafeFile,
    );
  const files = readdirSync(folder).filter((file) => file.endsWith('.entry'));
  const open = files.find((file) => {
    const at = lstatSync(join(folder, file), { throwIfNoEntry: false });
    return at !== undefined && !isPrivate(host, at, 'file');
  });
  if (open !== undefined)
    return fail(
      `others can read ${join(shown, open)}, a token`,
      `remove it (rm ${join(folder, open)}); to revoke the token delete the Secret it is bound to`,
      exit.unsafeFile,
    );
  if (!isPrivate(host, status, 'folder'))
    return warn(`others can look into ${shown}`, `close it: chmod 700 ${folder}`);
  return ok(`${shown}: ${files.length} cached, yours alone`);
}

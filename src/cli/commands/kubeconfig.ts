/** `kubeconfig`: writes the exec hook into a kubeconfig. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dryRun, execUser, setUser } from '../../kubeconfig/edit.ts';
import { oneLine } from '../../errors/error.ts';
import { badValue, noPlugin, shellWord } from '../../errors/usage.ts';
import { version, type Host } from '../../base/host.ts';
import { findOnPath, pluginName } from '../../base/find-program.ts';
import { extensionName, extensionVersion } from '../../exec/info.ts';
import { checkProfileName } from '../../settings/names.ts';
import { shortPath } from '../../settings/paths.ts';
import { readProfile } from '../../settings/profiles.ts';
import type { Command } from '../command.ts';
import { textOption, textOf } from '../options.ts';
import { tell } from '../terminal.ts';

export const kubeconfigCommand: Command = {
  usage: 'kubeconfig <PROFILE>',
  summary: 'Write the exec hook for a profile into a kubeconfig: one user, and nothing else',
  options: {
    user: textOption('Name of the kubeconfig user (default: the profile)'),
    kubeconfig: textOption('File to change (default: KUBECONFIG, ~/.kube/config)'),
    absolute: {
      type: 'boolean',
      describe: 'Write the absolute path of the plugin, for programs with a PATH of their own',
    },
    'provide-cluster-info': {
      type: 'boolean',
      describe: "Let each cluster's extension name the profile, so that one user serves many clusters",
    },
    'dry-run': { type: 'boolean', describe: 'Print the user that would be written, and change nothing' },
    force: { type: 'boolean', describe: 'Replace a user that logs in by other means' },
  },
  examples: [
    ['$0 kubeconfig prod', 'then: kubectl config set-context prod --cluster=CLUSTER --user=prod'],
    ['$0 kubeconfig prod --user robot --dry-run', 'see it first'],
  ],
  run: async (host, argv) => {
    const profile = checkProfileName(argv['PROFILE']);
    const { audience } = readProfile(host, profile).settings;
    const user = textOf(argv, 'user') ?? profile;
    // kubectl's YAML has no such characters.
    if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFEFF]/u.test(user))
      throw badValue('--user', 'holds characters that cannot be printed');
    const fleet = argv['provide-cluster-info'] === true;
    const wanted = {
      file: textOf(argv, 'kubeconfig'),
      user,
      value: execUser(
        commandOf(host, argv['absolute'] === true),
        fleet ? ['get-token'] : ['get-token', profile],
        fleet,
      ),
      force: argv['force'] === true,
    };
    if (argv['dry-run'] === true) return host.out(dryRun(host, wanted));
    const change = await setUser(host, wanted);
    const file = shortPath(change.file, host.home);
    host.out(
      `user "${user}" ${change.outcome} in ${file}${change.backup === undefined ? '' : ` (before: ${shortPath(change.backup, host.home)})`}\n`,
    );
    if (change.replaced !== undefined && change.backup !== undefined)
      tell(
        host,
        `warning: ${shortPath(change.backup, host.home)} still holds what the user logged in with before (${change.replaced}). Once kubectl works: rm ${shellWord(shortPath(change.backup, host.home))}`,
      );
    if (audience !== undefined)
      tell(
        host,
        `note: tokens of "${profile}" are for ${oneLine(audience.join(', '))}; kubectl itself needs one for the API server: make another profile without --audience for it`,
      );
    if (fleet)
      tell(
        host,
        `next: each cluster of the kubeconfig that this user is for has to name its profile:\n${extension(profile)}`,
      );
    if (change.outcome === 'added')
      tell(host, `next: kubectl config set-context ${user} --cluster=CLUSTER --user=${user}`);
  },
};

/** What a cluster entry says for the fleet form (KEP-5339 reads the same extension). */
function extension(profile: string): string {
  return [
    '  extensions:',
    `    - name: ${extensionName}`,
    '      extension:',
    `        apiVersion: ${extensionVersion}`,
    `        profile: ${profile}`,
  ].join('\n');
}

/**
 * The plain name; from an npm package the path of the fast lane in it, since npm links a Node script under that name. Not
 * where the path names the version, as pnpm's does: after an upgrade nothing would be there.
 * An absolute path is the one on PATH, where krew's link survives an upgrade; not the file behind it.
 */
function commandOf(host: Host, absolute: boolean): string {
  const linked = host.self.slice(1).at(-1);
  const script = linked === undefined ? '' : realpathSync(linked);
  const lane = join(dirname(script), pluginName);
  const stays = host.platform !== 'win32' && !lane.includes(version);
  if (script.endsWith('.js') && stays && existsSync(lane)) return lane;
  if (!absolute) return pluginName;
  const found = findOnPath(host, pluginName);
  if (found === undefined) throw noPlugin(pluginName);
  return found;
}

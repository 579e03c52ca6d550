/** `logout`: removes source tokens and entries; profiles stay unless asked. */
import type { Host } from '../../base/host.ts';
import { badUsage, deleteUser } from '../../errors/usage.ts';
import { forgetCalls, logOut, profilesToLeave } from '../../login/log-out.ts';
import { checkProfileName } from '../../settings/names.ts';
import type { Command } from '../command.ts';
import { tell } from '../terminal.ts';

export const logoutCommand: Command = {
  usage: 'logout [PROFILE]',
  summary: 'Remove the source token from the keychain, and all cached tokens of the profile',
  options: {
    all: {
      type: 'boolean',
      describe: 'Log out of every profile, and of what profiles that are gone have left',
    },
    forget: { type: 'boolean', describe: 'Remove the profile itself too' },
  },
  examples: [
    ['$0 logout prod', 'a later "login prod" needs no more than the token'],
    ['$0 logout --all --forget', 'leaves nothing'],
  ],
  run: async (host, argv) => {
    const all = argv['all'] === true;
    if (all === (argv['PROFILE'] !== undefined)) throw badUsage('name one profile, or give --all', 'logout');
    const names = all ? await profilesToLeave(host) : [checkProfileName(argv['PROFILE'])];
    const leave = names.map((name) => () => logOut(host, name, argv['forget'] === true));
    await each(host, all ? [...leave, () => forgetCalls(host)] : leave);
    if (argv['forget'] === true) await tellOfHooks(host, names);
  },
};

/** Users of the kubeconfig that run the hook of a profile that is gone. */
async function tellOfHooks(host: Host, gone: readonly string[]): Promise<void> {
  const { hooksOf, profileOf } = await import('../../kubeconfig/hooks.ts');
  for (const user of hooksOf(host)) {
    const profile = profileOf(user);
    if (profile !== undefined && gone.includes(profile))
      tell(
        host,
        `user "${user.name}" of the kubeconfig still names "${profile}"; remove it: ${deleteUser(user.name)}`,
      );
  }
}

/** Whoever leaves everything leaves all that can be left: the first failure is thrown when the last one had its turn. */
async function each(host: Host, leave: readonly (() => Promise<string | undefined>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const one of leave) {
    try {
      const done = await one();
      if (done !== undefined) host.out(`${done}\n`);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

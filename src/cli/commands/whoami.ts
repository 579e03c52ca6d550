/** `whoami`: whom the API server takes the bearer of the issued token for. */
import { readGiven } from '../../settings/overrides.ts';
import type { Command } from '../command.ts';
import { accessOf, flagsOf, outputOption, profileOf, settingOptions, textOption } from '../options.ts';
import { fieldLines, print } from '../terminal.ts';

export const whoamiCommand: Command = {
  usage: 'whoami [PROFILE]',
  summary: 'Ask an API server, with the issued token, who its bearer is (SelfSubjectReview)',
  options: {
    ...outputOption(),
    kubeconfig: textOption('Ask the cluster of this kubeconfig'),
    context: textOption(
      "Ask the cluster of this context (default: the profile's server, where it is an API server)",
    ),
    ...settingOptions(),
  },
  examples: [
    ['$0 whoami prod --context prod', 'at the API server that the context names'],
    ['$0 whoami prod -o json', "at the profile's server, which a /kubernetes proxy does not answer"],
  ],
  run: async (host, argv) => {
    const { whoAmI } = await import('../../review/whoami.ts');
    const given = readGiven(host, profileOf(argv), flagsOf(argv));
    const self = await whoAmI(host, given, accessOf(argv));
    await print(host, argv, self, () =>
      fieldLines([
        ['username', self.username],
        ['uid', self.uid],
        ['groups', self.groups],
        ...Object.entries(self.extra),
        ['server', self.server],
      ]),
    );
  },
};

/** A source token in an environment variable, as CI systems hand out their secrets. */
import { readOnlySource } from '../failures/local.ts';
import type { Host } from '../host.ts';
import { cleanToken, type Source } from './source.ts';

export function envSource(host: Host, variable: string): Source {
  const place = `environment variable ${variable}`;
  return {
    place,
    read: async () => cleanToken(host.env[variable] ?? '', place),
    write: async () => {
      throw readOnlySource(place);
    },
    remove: async () => false,
  };
}

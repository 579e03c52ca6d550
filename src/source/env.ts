/** A source token in an environment variable, as CI systems hand out their secrets. */
import type { Host } from '../host.ts';
import { cleanToken, type Source } from './source.ts';

export function envSource(host: Host, variable: string): Source {
  const place = `environment variable ${variable}`;
  return {
    place,
    read: async () => cleanToken(host.env[variable] ?? '', place),
  };
}

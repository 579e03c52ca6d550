/** For scripts that a test gives to a Node of its own: the quoted address of one of the sources, to import from. */
import { repository } from './runner.ts';

export function sourceUrl(path: string): string {
  return JSON.stringify(new URL(path, `file://${repository}`).href);
}

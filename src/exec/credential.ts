/** The credential a client reads: ExecCredential of client.authentication.k8s.io (client-go v1/types.go). */
import { isObject, objectAt, parseJson, textAt } from '../base/json.ts';
import type { ApiVersion } from './info.ts';

interface ExecCredential {
  readonly kind: 'ExecCredential';
  readonly apiVersion: ApiVersion;
  readonly spec: { readonly interactive: false };
  readonly status: { readonly expirationTimestamp: string; readonly token: string };
}

/** How `get-token` prints what it has. */
export const outputs = ['exec-credential', 'token', 'header', 'json'] as const;
export type Output = (typeof outputs)[number];

/**
 * One line of JSON. Every client takes this shape: a timestamp in UTC without fraction, nothing null.
 *
 * @param expires - what is reported, epoch seconds
 */
export function formatCredential(token: string, expires: number, apiVersion: ApiVersion): string {
  const credential: ExecCredential = {
    kind: 'ExecCredential',
    apiVersion,
    spec: { interactive: false },
    status: { expirationTimestamp: timestamp(expires), token },
  };
  return JSON.stringify(credential);
}

/** The token of a credential that is kept as v1. */
export function tokenIn(kept: string): string {
  return textAt(objectAt(parseJson(kept), 'status'), 'token') ?? '';
}

/**
 * What to print for a credential that is kept as v1.
 *
 * @param kept - the line that `formatCredential` made
 */
export function render(kept: string, output: Output, apiVersion: ApiVersion): string {
  if (output === 'exec-credential' && apiVersion === 'client.authentication.k8s.io/v1') return `${kept}\n`;
  if (output === 'token') return `${tokenIn(kept)}\n`;
  if (output === 'header') return `Authorization: Bearer ${tokenIn(kept)}\n`;
  const credential = parseJson(kept);
  if (output === 'json') return `${JSON.stringify(objectAt(credential, 'status'))}\n`;
  return `${JSON.stringify({ ...(isObject(credential) ? credential : {}), apiVersion })}\n`;
}

/** RFC 3339, whole seconds, UTC. */
export function timestamp(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The API server's own account of what reached it. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ApiClient } from './api-client.ts';

/** Every request once, with who asked and what came of it, but no body. */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

export interface AuditEvent {
  auditID: string;
  stage: string;
  /** When the answer was sent, RFC 3339. */
  stageTimestamp: string;
  verb: string;
  requestURI: string;
  user: { username: string; groups?: string[]; extra?: Record<string, string[]> };
  impersonatedUser?: { username: string };
  sourceIPs?: string[];
  userAgent?: string;
  objectRef?: { resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code: number };
  annotations?: Record<string, string>;
}

const WRITTEN_WITHIN = 5_000;

/** All events so far. An event is written after its answer is sent, so one last request shows that those before it are in. */
export async function readAuditLog(file: string, api: ApiClient): Promise<AuditEvent[]> {
  const marker = `/version?audit=${randomUUID()}`;
  await api.need('GET', marker);
  const deadline = Date.now() + WRITTEN_WITHIN;
  for (;;) {
    const events = parseLines(readFileSync(file, 'utf8'));
    if (events.some(({ requestURI }) => requestURI === marker)) {
      return events.filter(({ requestURI }) => !requestURI.startsWith('/version?audit='));
    }
    if (Date.now() > deadline) throw new Error('the audit log does not show the last request');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The last line may be half written. */
function parseLines(text: string): AuditEvent[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line): AuditEvent => JSON.parse(line));
}

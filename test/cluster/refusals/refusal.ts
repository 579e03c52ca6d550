/** One refusal: who asks for what, and the whole answer. */
import type { Call } from '../api-client.ts';
import type { Minor } from '../assets.ts';
import type { Bot, Subject } from '../subject.ts';

export interface Refusal {
  title: string;
  /** What is sent to the bot's own …/token with its legacy token, unless told otherwise. */
  request: (bot: Bot, subject: Subject) => Request | Promise<Request>;
  answer: (bot: Bot) => Status;
  /** The server may still see what is gone, and then keeps its yes for ten seconds: asked until it refuses. */
  late?: boolean;
  /** The only minor that refuses so. */
  only?: Minor;
  /** The fake answers otherwise: no request of ours ends like this. */
  realOnly?: boolean;
}

export interface Request extends Call {
  method?: string;
  path?: string;
}

export interface Status {
  message: string;
  reason: string;
  details?: Record<string, unknown>;
  code: number;
}

/** A UID that nothing has. */
export const NO_UID = '00000000-0000-0000-0000-000000000000';

export function bind(boundObjectRef: Record<string, string>): Request {
  return { body: { spec: { boundObjectRef } } };
}

export function badRequest(message: string): Status {
  return { message, reason: 'BadRequest', code: 400 };
}

export function notFound(kind: string, name: string): Status {
  return { message: `${kind} "${name}" not found`, reason: 'NotFound', details: { name, kind }, code: 404 };
}

export function forbidden(name: string, user: string, verb: string, namespace: string): Status {
  const message = `serviceaccounts "${name}" is forbidden: User "${user}" cannot ${verb} resource "serviceaccounts/token" in API group "" in the namespace "${namespace}"`;
  return { message, reason: 'Forbidden', details: { name, kind: 'serviceaccounts' }, code: 403 };
}

/** Where the whole request is at fault, the object's name is left empty. */
export function invalid(name: string, field: string, message: string): Status {
  const causes = [{ reason: 'FieldValueInvalid', message, field }];
  return {
    message: `TokenRequest.authentication.k8s.io "${name}" is invalid: ${field}: ${message}`,
    reason: 'Invalid',
    details: {
      ...(name === '' ? {} : { name }),
      group: 'authentication.k8s.io',
      kind: 'TokenRequest',
      causes,
    },
    code: 422,
  };
}

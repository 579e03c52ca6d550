/** A time limit for a call of the client library, which has none of its own. */
import { Observable, type ConfigurationOptions } from '@kubernetes/client-node';

/** Options of one call. */
export function within(milliseconds: number): ConfigurationOptions {
  return {
    middleware: [
      {
        pre: (request) => {
          request.setSignal(AbortSignal.timeout(milliseconds));
          return new Observable(Promise.resolve(request));
        },
        post: (response) => new Observable(Promise.resolve(response)),
      },
    ],
    middlewareMergeStrategy: 'append',
  };
}

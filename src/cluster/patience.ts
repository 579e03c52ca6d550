/** A time limit for a call of the client library, which has none of its own. */
import { Observable, type ConfigurationOptions } from '@kubernetes/client-node';

/** Options of one call. */
export function within(milliseconds: number): ConfigurationOptions {
  return {
    middleware: [
      {
        pre: (request) => {
          request.setSignal(deadline(milliseconds));
          return new Observable(Promise.resolve(request));
        },
        post: (response) => new Observable(Promise.resolve(response)),
      },
    ],
    middlewareMergeStrategy: 'append',
  };
}

/** As `AbortSignal.timeout`, whose own words do not say how long it was. */
function deadline(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const over = new Error(`no answer within ${milliseconds / 1000} s`);
  setTimeout(() => controller.abort(over), milliseconds).unref();
  return controller.signal;
}

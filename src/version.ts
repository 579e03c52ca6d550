/** The version of the program, replaced by the build; the sources as they run in development are `0.0.0-dev`. */
declare const SA_TOKEN_VERSION: string | undefined;

export const version = typeof SA_TOKEN_VERSION === 'string' ? SA_TOKEN_VERSION : '0.0.0-dev';

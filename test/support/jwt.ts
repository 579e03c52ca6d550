/** Tokens with claims of a test's choosing. The product reads claims and leaves signatures to servers, so theirs is none. */
export function jwt(claims: unknown): string {
  return `${encoded({ alg: 'none' })}.${encoded(claims)}.c2lnbmF0dXJl`;
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

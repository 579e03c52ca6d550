/** What Node is made of, as scanners for vulnerabilities know it: by package URL, and by NVD's CPE where it has one. */

export interface NodePart {
  /** Of a package URL. */
  type: 'github' | 'npm' | 'generic';
  namespace?: string;
  name: string;
  /** `VENDOR:PRODUCT`. */
  cpe?: string;
}

/** By its name in `process.versions`. */
const known: Readonly<Record<string, NodePart>> = {
  acorn: { type: 'npm', name: 'acorn' },
  ada: { type: 'github', namespace: 'ada-url', name: 'ada' },
  amaro: { type: 'npm', name: 'amaro' },
  ares: { type: 'github', namespace: 'c-ares', name: 'c-ares', cpe: 'c-ares:c-ares' },
  brotli: { type: 'github', namespace: 'google', name: 'brotli', cpe: 'google:brotli' },
  icu: {
    type: 'github',
    namespace: 'unicode-org',
    name: 'icu',
    cpe: 'icu-project:international_components_for_unicode',
  },
  libffi: { type: 'github', namespace: 'libffi', name: 'libffi' },
  lief: { type: 'github', namespace: 'lief-project', name: 'LIEF', cpe: 'lief-project:lief' },
  llhttp: { type: 'github', namespace: 'nodejs', name: 'llhttp', cpe: 'llhttp:llhttp' },
  merve: { type: 'github', namespace: 'nodejs', name: 'merve' },
  nbytes: { type: 'github', namespace: 'nodejs', name: 'nbytes' },
  ncrypto: { type: 'github', namespace: 'nodejs', name: 'ncrypto' },
  nghttp2: { type: 'github', namespace: 'nghttp2', name: 'nghttp2', cpe: 'nghttp2:nghttp2' },
  nghttp3: { type: 'github', namespace: 'ngtcp2', name: 'nghttp3' },
  ngtcp2: { type: 'github', namespace: 'ngtcp2', name: 'ngtcp2' },
  openssl: { type: 'github', namespace: 'openssl', name: 'openssl', cpe: 'openssl:openssl' },
  simdjson: { type: 'github', namespace: 'simdjson', name: 'simdjson' },
  simdutf: { type: 'github', namespace: 'simdutf', name: 'simdutf' },
  sqlite: { type: 'generic', name: 'sqlite', cpe: 'sqlite:sqlite' },
  undici: { type: 'npm', name: 'undici', cpe: 'nodejs:undici' },
  uv: { type: 'github', namespace: 'libuv', name: 'libuv', cpe: 'libuv:libuv' },
  uvwasi: { type: 'github', namespace: 'nodejs', name: 'uvwasi' },
  v8: { type: 'github', namespace: 'v8', name: 'v8', cpe: 'google:v8' },
  zlib: { type: 'generic', name: 'zlib', cpe: 'zlib:zlib' },
  zstd: { type: 'github', namespace: 'facebook', name: 'zstd', cpe: 'facebook:zstandard' },
};

/** Data (cldr, tz, unicode) and what a later Node brings have a generic URL. */
export function nodePart(name: string): NodePart {
  return known[name] ?? { type: 'generic', name };
}

/** The CPE 2.3 name of an application; of a version with what its packager added (`1.3.2-motley`) the first part counts. */
export function cpeOf(vendorAndProduct: string, version: string): string {
  return `cpe:2.3:a:${vendorAndProduct}:${version.replace(/-.*/, '')}:*:*:*:*:*:*:*`;
}

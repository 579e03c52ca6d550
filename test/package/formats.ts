/** Reads the headers of executables, apart from the code that writes them. */
import { createHash } from 'node:crypto';

export interface Described {
  format: 'ELF' | 'Mach-O' | 'PE' | 'unknown';
  cpu: 'amd64' | 'arm64' | 'unknown';
}

const cpus: Record<number, Described['cpu']> = {
  [0x3e]: 'amd64',
  [0xb7]: 'arm64',
  [0x01000007]: 'amd64',
  [0x0100000c]: 'arm64',
  [0x8664]: 'amd64',
};

export function describe(file: Buffer): Described {
  if (file.readUInt32BE(0) === 0x7f454c46) return { format: 'ELF', cpu: cpuOf(file.readUInt16LE(18)) };
  if (file.readUInt32LE(0) === 0xfeedfacf) return { format: 'Mach-O', cpu: cpuOf(file.readUInt32LE(4)) };
  if (file.toString('latin1', 0, 2) !== 'MZ') return { format: 'unknown', cpu: 'unknown' };
  const header = file.readUInt32LE(0x3c);
  return {
    format: 'PE',
    cpu:
      file.toString('latin1', header, header + 2) === 'PE' ? cpuOf(file.readUInt16LE(header + 4)) : 'unknown',
  };
}

function cpuOf(code: number): Described['cpu'] {
  return cpus[code] ?? 'unknown';
}

/** The names of an ELF file's sections. */
export function sectionNames(elf: Buffer): string[] {
  const table = Number(elf.readBigUInt64LE(40));
  const offset = (index: number): number => Number(elf.readBigUInt64LE(table + index * 64 + 24));
  const names = offset(elf.readUInt16LE(62));
  return Array.from({ length: elf.readUInt16LE(60) }, (_, index) => {
    const at = names + elf.readUInt32LE(table + index * 64);
    return elf.toString('latin1', at, elf.indexOf(0, at));
  });
}

/** What an ELF file asks of the system: libraries by their names, and symbol versions such as `GLIBC_2.28`. */
export function neededBy(elf: Buffer): { libraries: string[]; versions: string[] } {
  const table = Number(elf.readBigUInt64LE(40));
  const headers = Array.from({ length: elf.readUInt16LE(60) }, (_, index) => table + index * 64);
  const start = (header: number): number => Number(elf.readBigUInt64LE(header + 24));
  const sectionOf = (type: number): { at: number; end: number; text: (offset: number) => string } => {
    const header = headers.find((each) => elf.readUInt32LE(each + 4) === type);
    if (header === undefined) throw new Error(`no section of type ${type}`);
    const texts = start(headers[elf.readUInt32LE(header + 40)] ?? 0);
    const text = (offset: number): string =>
      elf.toString('latin1', texts + offset, elf.indexOf(0, texts + offset));
    return { at: start(header), end: start(header) + Number(elf.readBigUInt64LE(header + 32)), text };
  };
  const dynamic = sectionOf(6);
  const libraries: string[] = [];
  for (let at = dynamic.at; at < dynamic.end; at += 16)
    if (elf.readBigUInt64LE(at) === 1n) libraries.push(dynamic.text(Number(elf.readBigUInt64LE(at + 8))));
  const needed = 0x6ffffffe;
  if (!headers.some((header) => elf.readUInt32LE(header + 4) === needed)) return { libraries, versions: [] };
  // A list of libraries, each with a list of versions; 0 ends either.
  const needs = sectionOf(needed);
  const versions: string[] = [];
  const walk = (first: number, step: number, visit: (at: number) => void): void => {
    for (let at = first, next = -1; next !== 0; at += next) {
      visit(at);
      next = elf.readUInt32LE(at + step);
    }
  };
  walk(needs.at, 12, (library) =>
    walk(library + elf.readUInt32LE(library + 8), 12, (version) =>
      versions.push(needs.text(elf.readUInt32LE(version + 8))),
    ),
  );
  return { libraries, versions };
}

/** Where a PE file's Authenticode signature is; 0 and 0 without one. */
export function certificateTable(exe: Buffer): [offset: number, size: number] {
  const entry = exe.readUInt32LE(0x3c) + 24 + 112 + 32;
  return [exe.readUInt32LE(entry), exe.readUInt32LE(entry + 4)];
}

export interface Signature {
  flags: number;
  identifier: string;
  /** Where the signed part ends; the signature is to follow at once, and end the file. */
  limit: number;
  offset: number;
  end: number;
  /** The pages whose hash is another than the signature says. */
  wrongPages: number[];
}

/** The signature of a thin Mach-O file, with each page's hash taken anew; undefined without one. */
export function readSignature(file: Buffer): Signature | undefined {
  const command = findCommand(file, 0x1d);
  if (command === undefined) return undefined;
  const [offset, size] = [file.readUInt32LE(command + 8), file.readUInt32LE(command + 12)];
  const count = file.readUInt32BE(offset + 8);
  const index = Array.from({ length: count }, (_, i) => offset + 12 + i * 8).find(
    (at) => file.readUInt32BE(at) === 0,
  );
  if (file.readUInt32BE(offset) !== 0xfade0cc0 || index === undefined) throw new Error('no code directory');
  const directory = offset + file.readUInt32BE(index + 4);
  const [flags, hashes, identifier] = [12, 16, 20].map((at) => file.readUInt32BE(directory + at));
  const [pages = 0, limit = 0] = [28, 32].map((at) => file.readUInt32BE(directory + at));
  const page = 1 << file.readUInt8(directory + 39);
  const name = directory + (identifier ?? 0);
  const wrongPages = Array.from({ length: pages }, (_, i) => i).filter((i) => {
    const hash = createHash('sha256')
      .update(file.subarray(i * page, Math.min((i + 1) * page, limit)))
      .digest();
    const at = directory + (hashes ?? 0) + i * 32;
    return !hash.equals(file.subarray(at, at + 32));
  });
  const told = { flags: flags ?? 0, identifier: file.toString('latin1', name, file.indexOf(0, name)) };
  return { ...told, limit, offset, end: offset + size, wrongPages };
}

function findCommand(file: Buffer, wanted: number): number | undefined {
  let at = 32;
  for (let left = file.readUInt32LE(16); left > 0; left -= 1) {
    if (file.readUInt32LE(at) === wanted) return at;
    at += file.readUInt32LE(at + 4);
  }
  return undefined;
}

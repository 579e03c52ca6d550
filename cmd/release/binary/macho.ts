/**
 * The ad-hoc signature without which Apple silicon kills a program at once. macOS's own tool exists on macOS only,
 * and none of the others is an npm package, so this writes what Apple's linker (and Go's, and Deno's) writes: one
 * CodeDirectory with a SHA-256 of each page. Thin 64-bit files.
 */
import { createHash } from 'node:crypto';

const command = { segment: 0x19, codeSignature: 0x1d } as const;
const magic = { file: 0xfeedfacf, superBlob: 0xfade0cc0, codeDirectory: 0xfade0c02 } as const;
/** CS_ADHOC and CS_LINKER_SIGNED: a later `codesign --sign` may replace it without being forced. */
const flags = 0x20002;
const mainBinary = 1n;
const [headerSize, segmentPage, hashPage, hashSize, directorySize] = [32, 0x4000, 0x1000, 32, 88];
/** The super blob: its magic, length, count, and one index entry. */
const superBlobSize = 20;

interface Command {
  at: number;
  kind: number;
  size: number;
}

interface Segment {
  at: number;
  offset: number;
  size: number;
}

/** A signed copy of an unsigned executable. @param identifier - by what macOS calls it */
export function adHocSigned(unsigned: Buffer, identifier: string): Buffer {
  const commands = readCommands(unsigned);
  if (commands.some(({ kind }) => kind === command.codeSignature)) throw new Error('signed already');
  const [text, linkedit] = [
    findSegment(unsigned, commands, '__TEXT'),
    findSegment(unsigned, commands, '__LINKEDIT'),
  ];
  if (linkedit.offset + linkedit.size !== unsigned.length)
    throw new Error('__LINKEDIT is not at the end of the file');

  const start = (unsigned.length + 15) & ~15;
  const size = signatureSize(start, identifier);
  const signed = Buffer.alloc(start + size);
  unsigned.copy(signed);
  addCommand(signed, commands, start, size);
  resize(signed, linkedit, start + size - linkedit.offset);
  writeSignature(signed, start, identifier, text);
  return signed;
}

function readCommands(file: Buffer): Command[] {
  if (file.readUInt32LE(0) !== magic.file) throw new Error('not a thin 64-bit Mach-O file');
  let at = headerSize;
  return Array.from({ length: file.readUInt32LE(16) }, () => {
    const found = { at, kind: file.readUInt32LE(at), size: file.readUInt32LE(at + 4) };
    at += found.size;
    return found;
  });
}

function findSegment(file: Buffer, commands: Command[], name: string): Segment {
  const padded = name.padEnd(16, '\0');
  const found = commands.find(
    ({ kind, at }) => kind === command.segment && file.toString('latin1', at + 8, at + 24) === padded,
  );
  if (found === undefined) throw new Error(`no segment ${name}`);
  const [offset, size] = [file.readBigUInt64LE(found.at + 40), file.readBigUInt64LE(found.at + 48)];
  return { at: found.at, offset: Number(offset), size: Number(size) };
}

/** Goes into the room between the load commands and the first section, which linkers leave for this. */
function addCommand(file: Buffer, commands: Command[], start: number, size: number): void {
  const at = headerSize + file.readUInt32LE(20);
  if (at + 16 > firstSection(file, commands)) throw new Error('no room for another load command');
  file.writeUInt32LE(command.codeSignature, at);
  file.writeUInt32LE(16, at + 4);
  file.writeUInt32LE(start, at + 8);
  file.writeUInt32LE(size, at + 12);
  file.writeUInt32LE(commands.length + 1, 16);
  file.writeUInt32LE(at + 16 - headerSize, 20);
}

function firstSection(file: Buffer, commands: Command[]): number {
  const offsets = commands
    .filter(({ kind }) => kind === command.segment)
    .flatMap(({ at }) => Array.from({ length: file.readUInt32LE(at + 64) }, (_, i) => at + 72 + i * 80))
    .map((section) => file.readUInt32LE(section + 48))
    .filter((offset) => offset > 0);
  return Math.min(...offsets);
}

function resize(file: Buffer, segment: Segment, size: number): void {
  file.writeBigUInt64LE(BigInt(Math.ceil(size / segmentPage) * segmentPage), segment.at + 32);
  file.writeBigUInt64LE(BigInt(size), segment.at + 48);
}

function signatureSize(codeLimit: number, identifier: string): number {
  return superBlobSize + directorySize + identifier.length + 1 + Math.ceil(codeLimit / hashPage) * hashSize;
}

/** Big endian, unlike the rest of the file. */
function writeSignature(file: Buffer, start: number, identifier: string, text: Segment): void {
  const pages = Math.ceil(start / hashPage);
  const hashes = directorySize + identifier.length + 1;
  const length = hashes + pages * hashSize;
  words(file, start, [magic.superBlob, superBlobSize + length, 1, 0, superBlobSize]);

  const directory = start + superBlobSize;
  const version = 0x20400;
  words(file, directory, [
    magic.codeDirectory,
    length,
    version,
    flags,
    hashes,
    directorySize,
    0,
    pages,
    start,
  ]);
  const sha256 = 2;
  file.set([hashSize, sha256, 0, Math.log2(hashPage)], directory + 36);
  file.writeBigUInt64BE(BigInt(text.offset), directory + 64);
  file.writeBigUInt64BE(BigInt(text.size), directory + 72);
  file.writeBigUInt64BE(mainBinary, directory + 80);
  file.write(identifier, directory + directorySize, 'latin1');
  for (let page = 0; page < pages; page += 1) {
    const bytes = file.subarray(page * hashPage, Math.min((page + 1) * hashPage, start));
    createHash('sha256')
      .update(bytes)
      .digest()
      .copy(file, directory + hashes + page * hashSize);
  }
}

function words(file: Buffer, at: number, values: readonly number[]): void {
  values.forEach((value, index) => file.writeUInt32BE(value, at + index * 4));
}

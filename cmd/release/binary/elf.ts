/** ELF, as far as shipping a Linux binary needs it (64 bits, little endian). */

const allocated = 0x2n;
const noBits = 8;
const loaded = 1;
const noteSegment = 4;
const headerSize = 64;
const programHeaderSize = 56;
/** The largest that Linux has, bytes. */
const page = 0x10000;

/** Bytes of a file. */
interface Range {
  start: number;
  end: number;
}

interface Section extends Range {
  header: Buffer;
  /** Whether a loader maps it. */
  mapped: boolean;
}

/**
 * Without what no loader maps: Node ships with its symbol table and debug sections, 33 of 150 MB, which push an
 * archive over the 50 MB we allow it. Done here, since `strip` is not the same everywhere.
 */
export function withoutDebugSections(elf: Buffer): Buffer {
  const sections = readSections(elf);
  const names = sections[elf.readUInt16LE(0x3e)];
  if (names === undefined) throw new Error('no section names');
  const { kept, cuts, end } = findCuts(sections);
  const moved = (offset: bigint): bigint =>
    cuts.reduce((sum, cut) => sum - (BigInt(cut.end) <= offset ? BigInt(cut.end - cut.start) : 0n), offset);
  const starts = [0, ...cuts.map((cut) => cut.end)];
  const image = Buffer.concat(starts.map((start, index) => elf.subarray(start, cuts[index]?.start ?? end)));
  for (let index = 0; index < elf.readUInt16LE(0x38); index++) {
    const field = Number(elf.readBigUInt64LE(0x20)) + index * programHeaderSize + 8;
    image.writeBigUInt64LE(moved(elf.readBigUInt64LE(field)), field);
  }
  // An index of a section stays what it is: the header of one that is gone is empty.
  const headers = kept.map(({ header, mapped }) =>
    mapped ? at(header, moved(header.readBigUInt64LE(24))) : Buffer.alloc(headerSize),
  );
  const padding = Buffer.alloc(-(image.length + names.end - names.start) & 7);
  image.writeBigUInt64LE(BigInt(image.length + names.end - names.start + padding.length), 0x28);
  image.writeUInt16LE(kept.length + 1, 0x3c);
  image.writeUInt16LE(kept.length, 0x3e);
  const namesHeader = at(names.header, BigInt(image.length));
  return Buffer.concat([image, elf.subarray(names.start, names.end), padding, ...headers, namesHeader]);
}

/**
 * What is to be left out before sections that are loaded (patchelf puts its own at the end): whole pages, since what is
 * loaded has to keep its place within one. `end` is where the last loaded section ends.
 */
function findCuts(sections: Section[]): { kept: Section[]; cuts: Range[]; end: number } {
  const kept = sections.slice(0, sections.findLastIndex((section) => section.mapped) + 1);
  const cuts: Range[] = [];
  let end = 0;
  for (const [index, { mapped, ...section }] of kept.entries()) {
    if (!mapped) continue;
    const pages = Math.floor((section.start - end) / page);
    if (index > 1 && kept[index - 1]?.mapped === false) cuts.push({ start: end, end: end + pages * page });
    end = Math.max(end, section.end);
  }
  return { kept, cuts, end };
}

function at(header: Buffer, offset: bigint): Buffer {
  const copy = Buffer.from(header);
  copy.writeBigUInt64LE(offset, 24);
  return copy;
}

/**
 * With other names of the libraries that it needs, of itself, or of the folders where they are looked for. A new name
 * takes the place of the old one, and so is no longer.
 */
export function renamed(elf: Buffer, names: Readonly<Record<string, string>>): Buffer {
  const copy = Buffer.from(elf);
  for (const [from, to] of Object.entries(names)) {
    const [old, fresh] = [Buffer.from(`${from}\0`), Buffer.alloc(from.length + 1)];
    fresh.write(to);
    for (let found = copy.indexOf(old); found !== -1; found = copy.indexOf(old, found + 1))
      fresh.copy(copy, found);
  }
  return copy;
}

/**
 * With a note at its end that the program finds in its memory, in the place of the last note that it had: the last segment
 * is made longer, which so has to be the last of the file and of the memory, as it is where patchelf made it.
 */
export function withNote(elf: Buffer, name: string, content: Buffer): Buffer {
  const note = Buffer.alloc(12 + ((name.length + 4) & ~3));
  note.writeUInt32LE(name.length + 1, 0);
  note.writeUInt32LE(content.length, 4);
  note.write(name, 12);
  const padding = Buffer.alloc(-elf.length & 3);
  const whole = Buffer.concat([elf, padding, note, content]);
  const headers = Array.from({ length: elf.readUInt16LE(0x38) }, (_, index) =>
    whole.subarray(Number(elf.readBigUInt64LE(0x20)) + index * programHeaderSize),
  );
  const last = headers.findLast((header) => header.readUInt32LE(0) === loaded);
  const found = headers.findLast((header) => header.readUInt32LE(0) === noteSegment);
  if (last === undefined || found === undefined) throw new Error('no segment to make longer, or no note');
  const [offset, address] = [last.readBigUInt64LE(8), last.readBigUInt64LE(16)];
  if (last.readBigUInt64LE(32) !== last.readBigUInt64LE(40))
    throw new Error('the last segment has no end in the file');
  writeSizes(last, BigInt(whole.length) - offset);
  const start = BigInt(elf.length + padding.length);
  found.writeBigUInt64LE(start, 8);
  for (const field of [16, 24]) found.writeBigUInt64LE(address + start - offset, field);
  writeSizes(found, BigInt(note.length + content.length));
  return whole;
}

/** In the file and in memory. */
function writeSizes(header: Buffer, bytes: bigint): void {
  for (const field of [32, 40]) header.writeBigUInt64LE(bytes, field);
}

function readSections(elf: Buffer): Section[] {
  if (
    elf.readUInt32BE(0) !== 0x7f454c46 ||
    elf.readUInt16BE(4) !== 0x0201 ||
    elf.readUInt16LE(0x3a) !== headerSize
  ) {
    throw new Error('not a 64-bit little-endian ELF file');
  }
  const table = Number(elf.readBigUInt64LE(0x28));
  return Array.from({ length: elf.readUInt16LE(0x3c) }, (_, index) => {
    const header = elf.subarray(table + index * headerSize, table + (index + 1) * headerSize);
    const start = Number(header.readBigUInt64LE(24));
    const size = header.readUInt32LE(4) === noBits ? 0 : Number(header.readBigUInt64LE(32));
    return { header, mapped: (header.readBigUInt64LE(8) & allocated) !== 0n, start, end: start + size };
  });
}

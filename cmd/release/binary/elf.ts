/** ELF, as far as shipping a Linux binary needs it (64 bits, little endian). */

const allocated = 0x2n;
const noBits = 8;
const headerSize = 64;

interface Section {
  header: Buffer;
  allocated: boolean;
  /** Where its bytes in the file begin and end. */
  start: number;
  end: number;
}

/**
 * Without what no loader maps: Node ships with its symbol table and debug sections, 33 of 150 MB, which push an
 * archive over the 50 MB we allow it. Done here, since `strip` is not the same everywhere.
 */
export function withoutDebugSections(elf: Buffer): Buffer {
  const sections = readSections(elf);
  const kept = sections.filter((section, index) => index === 0 || section.allocated);
  if (sections.slice(0, kept.length).some((section, index) => section !== kept[index])) {
    throw new Error('a section that is loaded follows one that is not');
  }
  const names = sections[elf.readUInt16LE(0x3e)];
  if (names === undefined) throw new Error('no section names');
  const end = Math.max(...kept.map((section) => section.end));
  const padding = Buffer.alloc(-(end + names.end - names.start) & 7);
  const namesHeader = Buffer.from(names.header);
  namesHeader.writeBigUInt64LE(BigInt(end), 24);
  const image = Buffer.from(elf.subarray(0, end));
  image.writeBigUInt64LE(BigInt(end + names.end - names.start + padding.length), 0x28);
  image.writeUInt16LE(kept.length + 1, 0x3c);
  image.writeUInt16LE(kept.length, 0x3e);
  const headers = [...kept.map((section) => section.header), namesHeader];
  return Buffer.concat([image, elf.subarray(names.start, names.end), padding, ...headers]);
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
    return { header, allocated: (header.readBigUInt64LE(8) & allocated) !== 0n, start, end: start + size };
  });
}

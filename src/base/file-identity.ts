/** Tells whether a path still leads to the very file that was read, unchanged: by what `stat` says, not by an order of clocks. */
import { statSync, type BigIntStats } from 'node:fs';

/** A file that was read, and which one it was. */
export interface FileRecord {
  /** Absolute, as it was named: links in it are followed at each look. */
  readonly path: string;
  /** `INODE DEV.SIZE.MTIME_NS.CTIME_NS`, of the file behind all links. */
  readonly identity: string;
}

/** The identity of a file by its status. The inode stands apart, since `ls` can tell it. */
export function identityOf({ ino, dev, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${dev}.${size}.${mtimeNs}.${ctimeNs}`;
}

/** The file that a path leads to now; undefined where there is none. */
export function recordOf(path: string): FileRecord | undefined {
  try {
    return { path, identity: identityOf(statSync(path, { bigint: true })) };
  } catch {
    return undefined;
  }
}

/** True while the path leads to that very file, and it has not been changed. */
export function isUnchanged({ path, identity }: FileRecord): boolean {
  return recordOf(path)?.identity === identity;
}

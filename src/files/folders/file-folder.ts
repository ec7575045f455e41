/**
 * The port to a folder of files, for what publishes files there by names that are given once. `DiskFolder` and `ObjectFolder` stand behind
 * it. Names of files are relative, with `/` between parts.
 */
import type { Seekable } from '../seekable.ts'

/** A file that no reader sees before it has its name. */
export interface NewFile {
  append(bytes: Uint8Array): Promise<void>
  /** Everything is appended: makes it durable. */
  finish(): Promise<void>
  /**
   * Gives it its name where nothing has that name; `taken`: something has. `gone`: what was written was taken away by another process.
   * What is not published is discarded. Throws or rejects with a `LetheError`.
   */
  publishNew(): Published | Promise<Published>
  /** Never throws nor rejects; does nothing once it is published. */
  discard(): void | Promise<void>
}

export type Published = 'published' | 'taken' | 'gone'

export interface FileFolder {
  /** As people know it. */
  readonly name: string
  /** A file of it, as people know it. */
  nameOf(file: string): string
  /**
   * Sees to it that files can be published here, and that a name is given once and no more. `own`: a folder in it that readers pass by.
   * @throws LetheError `folder-missing`, `dataset-unsupported`, or why it cannot be written to
   */
  prepare(own: string): Promise<void>
  /** Why it is none that can be written to, without writing: what is wrong, and what to do. */
  trouble(own: string): Promise<readonly [what: string, way: string] | undefined>
  /** What is in `folder` (the whole: ''), in order: names that begin with one of `beginnings`. @throws LetheError */
  list(folder: string, beginnings?: readonly string[]): Promise<readonly string[]>
  /** The text of a small file; undefined where there is none. @throws LetheError */
  text(file: string): Promise<string | undefined>
  /** What `look` finds in a file. @throws LetheError `file-missing` or why it cannot be read, and what `look` throws */
  inspect<T>(file: string, look: (bytes: Seekable) => T): Promise<T>
  /** Begins a file. `own`: where it may lie until it has its name. @throws LetheError */
  create(file: string, own: string): NewFile | Promise<NewFile>
  /** Makes an empty file, unless it is there. @throws LetheError, or the system's error */
  touch(file: string): Promise<void>
  /** Takes away an empty file that was made by `touch`. @throws LetheError, or the system's error */
  untouch(file: string): Promise<void>
  /**
   * Takes away what processes had begun in `own` of files whose names begin with `beginning`, and were to be published under a name that
   * `isMeant`. Where one still goes on, its file is `gone`.
   */
  dropUnfinished(own: string, beginning: string, isMeant: (file: string) => boolean): Promise<void>
}

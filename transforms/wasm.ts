/** WebAssembly modules that the package carries as text: how they are compiled, where the platform can. */

/** The part of the WebAssembly interface that is used; the types of Node 20 do not declare it. */
interface WebAssemblyHost {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
}

export interface Memory {
  readonly buffer: ArrayBuffer
  /** Adds so many pages of 64 KiB. Views of the memory as it was are void afterwards. */
  readonly grow: (pages: number) => number
}

export class WasmModule {
  readonly #base64: string
  /** Compiled once per thread; null where this platform cannot. */
  #compiled: object | null | undefined

  /** @param base64 the module; it must not import anything */
  constructor(base64: string) {
    this.#base64 = base64
  }

  /**
   * A new instance with a memory of its own. `Exports` is what the module exports.
   * @returns undefined where the platform has no WebAssembly with SIMD, or no memory left: everything works
   *   without, slower
   */
  open<Exports>(): Exports | undefined {
    const host = (globalThis as { WebAssembly?: WebAssemblyHost }).WebAssembly
    if (this.#compiled === undefined) {
      try {
        this.#compiled = new host!.Module(Buffer.from(this.#base64, 'base64'))
      } catch {
        this.#compiled = null
      }
    }
    if (this.#compiled === null) return undefined
    try {
      return new host!.Instance(this.#compiled, {}).exports as Exports
    } catch {
      return undefined
    }
  }
}

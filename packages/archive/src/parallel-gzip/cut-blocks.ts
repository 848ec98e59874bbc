import type { ByteSource } from '../custom-format/byte-source.js';
import type { TocEntry } from '../custom-format/toc.js';
import { Block, type BlockMemory, MAX_FRAMING_BYTES, MAX_PARTS, WINDOW_BYTES } from './block.js';

/** The stream of data that is being cut. */
interface Current {
  readonly entry: TocEntry;
  /** Where its part begins in the block. */
  from: number;
  /** Bytes of it from the block before. */
  dictionary: number;
  first: boolean;
}

/**
 * Cuts streams of data into blocks. A long stream is cut into many blocks, and many short ones share one, so that
 * neither a table of a terabyte nor a hundred thousand small large objects cost more than their bytes.
 */
export class BlockCutter {
  readonly #memory: () => BlockMemory;
  readonly #onBlock: (block: Block) => void;
  #block: Block;
  #current: Current | null = null;

  /** `memory` gives memory for a block, `onBlock` gets each as soon as it is full. */
  constructor(memory: () => BlockMemory, onBlock: (block: Block) => void) {
    this.#memory = memory;
    this.#onBlock = onBlock;
    this.#block = new Block(memory());
  }

  /** Bytes of the archive's structure, between streams. */
  frame(bytes: Buffer): void {
    this.#block.addFraming(bytes);
    if (this.#block.framingBytes > MAX_FRAMING_BYTES) this.flush();
  }

  begin(entry: TocEntry): void {
    if (this.#block.room === 0 || this.#block.parts.length >= MAX_PARTS) this.flush();
    this.#current = { entry, from: this.#block.at, dictionary: 0, first: true };
  }

  /** Takes the text of whole chunks out of the source, as many as there are and fit. */
  fill(source: ByteSource): void {
    this.#block.at = source.unframeNow(this.#block.memory.bytes, this.#block.at);
  }

  add(piece: Buffer): void {
    for (let at = 0; at < piece.length; ) {
      if (this.#block.room === 0) this.#goOn();
      const taken = piece.copy(this.#block.memory.bytes, this.#block.at, at);
      this.#block.at += taken;
      at += taken;
    }
  }

  end(): void {
    this.#endPart(true);
    this.#current = null;
  }

  /** Lets go of the block as it is; no stream may be open. */
  flush(): void {
    this.#onBlock(this.#block);
    this.#block = new Block(this.#memory());
  }

  /** The stream goes on in another block, which begins with the end of this one as its dictionary. */
  #goOn(): void {
    const current = this.#current as Current;
    const { memory, at } = this.#block;
    const known = Math.min(WINDOW_BYTES, current.dictionary + at - current.from);
    const next = new Block(this.#memory());
    memory.bytes.copy(next.memory.bytes, WINDOW_BYTES - known, at - known, at);
    this.#endPart(false);
    this.#onBlock(this.#block);
    this.#block = next;
    this.#current = { entry: current.entry, from: next.at, dictionary: known, first: false };
  }

  #endPart(last: boolean): void {
    const { entry, from, dictionary, first } = this.#current as Current;
    this.#block.addPart({ from, to: this.#block.at, dictionary, last }, entry, first);
  }
}

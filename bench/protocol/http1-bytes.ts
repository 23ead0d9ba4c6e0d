// Bytes of one answer that did not arrive in one piece: a buffer that grows, and is kept for the next answer.

export interface GrowingBytes {
  bytes: Uint8Array
  length: number
}

const FIRST_CAPACITY = 4096
// A buffer that one huge answer needed is let go of afterwards.
const KEPT_CAPACITY = 1024 * 1024

export function growingBytes(): GrowingBytes {
  return { bytes: new Uint8Array(0), length: 0 }
}

export function appendBytes(store: GrowingBytes, source: Uint8Array, start: number, end: number): void {
  const length = store.length + end - start
  if (length > store.bytes.length) {
    const grown = new Uint8Array(Math.max(FIRST_CAPACITY, store.bytes.length * 2, length))
    grown.set(store.bytes.subarray(0, store.length))
    store.bytes = grown
  }
  store.bytes.set(source.subarray(start, end), store.length)
  store.length = length
}

export function clearBytes(store: GrowingBytes): void {
  store.length = 0
  if (store.bytes.length > KEPT_CAPACITY) store.bytes = new Uint8Array(0)
}

// Buffers of which the kernel itself takes one for whatever comes in on any socket: io_uring's ring of provided buffers.
import { STAMP_BYTES } from './kernel-clock.ts'
import { fixedMemory, type Libc, setAddress } from './libc.ts'

/** What comes in while all are in use waits in its socket: a flood takes no more than them before Node has its turn. */
const BUFFERS = 32

const REGISTER_BUFFERS = 22

/** struct io_uring_buf in numbers of 32 bits, but for the last 16: those of the first are the ring's tail. */
const ENTRY = { size: 4, address: 0, length: 2, buffer16: 6, tail16: 7 } as const

/** struct io_uring_buf_reg in numbers of 32 bits. */
const REGISTRATION = { size: 10, address: 0, entries: 2 } as const

/** What lies before the bytes: a struct io_uring_recvmsg_out, and the stamp. */
const OUT = { bytes: 16, stampBytes: 1 } as const
export const PREFIX_BYTES = OUT.bytes + STAMP_BYTES

/** An answer of the usual size, and not a power of 2: caches have room for few lines that are so far from each other. */
const BUFFER_BYTES = 16 * 1024 + 512

export class UringBuffers {
  readonly #libc: Libc
  readonly #ring: ArrayBuffer
  readonly #entries: Uint32Array
  readonly #halves: Uint16Array
  readonly #addresses: Uint32Array
  #tail = 0
  /** All of them, one after the other. */
  readonly bytes = Buffer.allocUnsafeSlow(BUFFERS * BUFFER_BYTES)
  /** The same, in numbers of 32 bits. */
  readonly words = new Uint32Array(this.bytes.buffer)

  private constructor(libc: Libc, ring: ArrayBuffer) {
    this.#libc = libc
    this.#ring = ring
    this.#entries = new Uint32Array(ring)
    this.#halves = new Uint16Array(ring)
    this.#addresses = new Uint32Array(2 * BUFFERS)
    for (let buffer = 0; buffer < BUFFERS; buffer++) {
      setAddress(libc, this.#addresses, 2 * buffer, this.bytes.subarray(buffer * BUFFER_BYTES))
      this.giveBack(buffer)
    }
  }

  /** `null` where the kernel does not take them. */
  static of(libc: Libc, uring: number): UringBuffers | null {
    const ring = libc.map(4 * ENTRY.size * BUFFERS, -1, 0)
    if (ring === null) return null
    const registration = fixedMemory(REGISTRATION.size)
    setAddress(libc, registration, REGISTRATION.address, new Uint8Array(ring))
    registration[REGISTRATION.entries] = BUFFERS
    if (libc.uringRegister(uring, REGISTER_BUFFERS, registration, 1) === 0) return new UringBuffers(libc, ring)
    libc.unmap(ring)
    return null
  }

  /** Where in `bytes` what came in begins. */
  startOf(buffer: number): number {
    return buffer * BUFFER_BYTES + PREFIX_BYTES
  }

  /** Where in `words` the stamp of what came in is; 0: it has none, and what lies there is never taken for one. */
  stampAt(buffer: number): number {
    const at = (buffer * BUFFER_BYTES) / 4
    return this.words[at + OUT.stampBytes] === STAMP_BYTES ? at + OUT.bytes / 4 : 0
  }

  /** What came in is done with. */
  giveBack(buffer: number): void {
    const place = (this.#tail & (BUFFERS - 1)) * ENTRY.size
    this.#entries[place + ENTRY.address] = this.#addresses[2 * buffer] ?? 0
    this.#entries[place + ENTRY.address + 1] = this.#addresses[2 * buffer + 1] ?? 0
    this.#entries[place + ENTRY.length] = BUFFER_BYTES
    this.#halves[2 * place + ENTRY.buffer16] = buffer
    this.#halves[ENTRY.tail16] = ++this.#tail
  }

  /** After the ring that takes them. */
  close(): void {
    this.#libc.unmap(this.#ring)
  }
}

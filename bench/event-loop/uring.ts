// A ring of io_uring, see io_uring(7): requests to the kernel, and what became of them, in memory that both see. One call
// hands in, waits for and takes back any number of them. The kernel does its part in these calls only, never in between.
import { fixedMemory, type Libc, setAddress } from './libc.ts'

/** Handed in once there are so many, at the latest. */
const REQUESTS = 256

/** The kernel keeps for later what has no room. */
const COMPLETIONS = 1024

const SETUP = { completions: 1 << 3, oneThread: 1 << 12, workInCalls: 1 << 13 } as const
const ENTER = { completions: 1 << 0, argument: 1 << 3 } as const
const REQUESTS_OFFSET = 0x10000000

/** struct io_uring_params in numbers of 32 bits; heads, tails and arrays are given as bytes from the ring's start. */
const PARAMS = {
  size: 30,
  completions: 1,
  flags: 2,
  request: { head: 10, tail: 11, order: 16 },
  completion: { head: 20, tail: 21, array: 25 },
} as const

/** struct io_uring_sqe in numbers of 32 bits. */
const REQUEST = { size: 16, fd: 1, address: 4, length: 6, flags: 7, key: 8, kind: 9 } as const

/** struct io_uring_cqe in numbers of 32 bits. */
const COMPLETION = { size: 4, key: 0, kind: 1, result: 2, flags: 3 } as const

/** struct io_uring_getevents_arg in numbers of 32 bits. */
const WAIT = { size: 6, time: 4 } as const

export class Uring {
  readonly #libc: Libc
  readonly #memory: ArrayBuffer
  readonly #requestMemory: ArrayBuffer
  readonly #ring: Int32Array
  readonly #requests: Int32Array
  /** Where in `#ring` they lie. */
  readonly #requestHead: number
  readonly #requestTail: number
  readonly #head: number
  readonly #tail: number
  readonly #completions: number
  readonly #wait = fixedMemory(WAIT.size)
  readonly #waitAddress: number
  readonly #time = fixedMemory(4)
  readonly fd: number
  /** Of the completion that was taken last: the request's, and what the call that it stands for returns, or −errno. */
  key = 0
  kind = 0
  result = 0
  flags = 0

  private constructor(libc: Libc, fd: number, params: Uint32Array, memory: ArrayBuffer, requests: ArrayBuffer) {
    const { request, completion } = PARAMS
    const word = (param: number) => (params[param] ?? 0) / 4
    this.#libc = libc
    this.fd = fd
    this.#memory = memory
    this.#requestMemory = requests
    this.#ring = new Int32Array(memory)
    this.#requests = new Int32Array(requests)
    this.#requestHead = word(request.head)
    this.#requestTail = word(request.tail)
    this.#head = word(completion.head)
    this.#tail = word(completion.tail)
    this.#completions = word(completion.array)
    for (let index = 0; index < REQUESTS; index++) this.#ring[word(request.order) + index] = index
    this.#waitAddress = libc.address(this.#wait)
    setAddress(libc, this.#wait, WAIT.time, this.#time)
  }

  /** `null` where the kernel is older than 6.1, or io_uring is forbidden. */
  static open(libc: Libc): Uring | null {
    const params = fixedMemory(PARAMS.size)
    params[PARAMS.flags] = SETUP.completions | SETUP.oneThread | SETUP.workInCalls
    params[PARAMS.completions] = COMPLETIONS
    const fd = libc.uringSetup(REQUESTS, params)
    if (fd === -1) return null
    const completionsEnd = (params[PARAMS.completion.array] ?? 0) + 4 * COMPLETION.size * COMPLETIONS
    const orderEnd = (params[PARAMS.request.order] ?? 0) + 4 * REQUESTS
    const memory = libc.map(Math.max(completionsEnd, orderEnd), fd, 0)
    const requests = libc.map(4 * REQUEST.size * REQUESTS, fd, REQUESTS_OFFSET)
    if (memory !== null && requests !== null) return new Uring(libc, fd, params, memory, requests)
    for (const mapped of [memory, requests]) if (mapped !== null) libc.unmap(mapped)
    libc.close(fd)
    return null
  }

  /**
   * A request that is handed in with the next call.
   * @param operation with its flags, as the first 32 bits of a struct io_uring_sqe
   * @param flags of the operation
   */
  request(operation: number, fd: number, key: number, kind: number, flags: number, address = 0, length = 0): void {
    if (this.#unsubmitted === REQUESTS) this.enter(0)
    const tail = this.#ring[this.#requestTail] ?? 0
    const at = (tail & (REQUESTS - 1)) * REQUEST.size
    const requests = this.#requests
    requests.fill(0, at, at + REQUEST.size)
    requests[at] = operation
    requests[at + REQUEST.fd] = fd
    requests[at + REQUEST.address] = address | 0
    requests[at + REQUEST.address + 1] = Math.floor(address / 2 ** 32)
    requests[at + REQUEST.length] = length
    requests[at + REQUEST.flags] = flags
    requests[at + REQUEST.key] = key
    requests[at + REQUEST.kind] = kind
    this.#ring[this.#requestTail] = tail + 1
  }

  /**
   * Hands in what was requested.
   * @param mostNs how long it waits at most while nothing is complete
   * @returns how many are
   */
  enter(mostNs: number): number {
    const waitFor = mostNs === 0 ? 0 : 1
    this.#time[0] = 0
    this.#time[2] = mostNs
    const flags = ENTER.completions | ENTER.argument
    this.#libc.uringEnter(this.fd, this.#unsubmitted, waitFor, flags, this.#waitAddress, 4 * WAIT.size)
    return ((this.#ring[this.#tail] ?? 0) - (this.#ring[this.#head] ?? 0)) | 0
  }

  /** Takes the next completion; there has to be one. */
  next(): void {
    const ring = this.#ring
    const head = ring[this.#head] ?? 0
    const at = this.#completions + (head & (COMPLETIONS - 1)) * COMPLETION.size
    this.key = ring[at + COMPLETION.key] ?? 0
    this.kind = ring[at + COMPLETION.kind] ?? 0
    this.result = ring[at + COMPLETION.result] ?? 0
    this.flags = ring[at + COMPLETION.flags] ?? 0
    ring[this.#head] = head + 1
  }

  /** Nothing may be called after it. */
  close(): void {
    this.#libc.close(this.fd)
    this.#libc.unmap(this.#memory)
    this.#libc.unmap(this.#requestMemory)
  }

  get #unsubmitted(): number {
    return ((this.#ring[this.#requestTail] ?? 0) - (this.#ring[this.#requestHead] ?? 0)) | 0
  }
}

// The system calls of a load thread, called from JavaScript: without Node's streams, and without its event loop, between.
import { createRequire } from 'node:module'

/**
 * Each returns what the system call does: −1 if it failed, for the reason in `errno`. None of them blocks, but for the waits. Those that are called
 * for every request take addresses of memory, see `address`: finding out where an array lies costs as much as the call.
 */
export interface Libc {
  socket(family: number, type: number, protocol: number): number
  connect(fd: number, address: Uint8Array, length: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  listen(fd: number, backlog: number): number
  /** The address of the other side is not asked for. */
  accept(fd: number, flags: number): number
  getsockname(fd: number, address: Uint8Array, length: Int32Array): number
  setsockopt(fd: number, level: number, name: number, value: Int32Array, length: number): number
  getsockopt(fd: number, level: number, name: number, value: Int32Array, length: Int32Array): number
  /** @param message address of a struct msghdr */
  recvmsg(fd: number, message: number, flags: number): number
  send(fd: number, buffer: Uint8Array, length: number, flags: number): number
  shutdown(fd: number, how: number): number
  close(fd: number): number
  inetPton(family: number, text: string, address: Uint8Array): number
  epollCreate(flags: number): number
  epollCtl(epoll: number, operation: number, fd: number, event: Int32Array): number
  /** @param events address of room for `most` of struct epoll_event */
  epollWait(epoll: number, events: number, most: number, timeoutMs: number): number
  /** The same with a struct timespec, which is slower. */
  epollWaitNs(epoll: number, events: number, most: number, timeout: number): number
  /** @param time seconds and nanoseconds as two 64-bit numbers; the lower half comes first */
  clockGettime(clock: number, time: Uint32Array): number
  /** Of this thread. */
  setTimerSlack(ns: number): number
  /** Of this thread; so is the policy that is set. */
  getScheduler(): number
  setScheduler(policy: number, priority: Int32Array): number
  /** @param params a struct io_uring_params, which the kernel completes */
  uringSetup(entries: number, params: Uint32Array): number
  /** @param argument address of what `flags` says it is */
  uringEnter(
    ring: number,
    submit: number,
    waitFor: number,
    flags: number,
    argument: number,
    argumentBytes: number,
  ): number
  uringRegister(ring: number, operation: number, argument: Uint32Array, count: number): number
  /**
   * Memory from the start of a page on, which the kernel sees, too; null if there is none.
   * @param fd whose memory it is; −1 for new memory
   */
  map(bytes: number, fd: number, offset: number): ArrayBuffer | null
  /** It must not be looked at from here on. */
  unmap(memory: ArrayBuffer): void
  errno(): number
  /** Where it lies in memory, for as long as it lives. Of arrays from `fixedMemory`, and of larger ones. */
  address(array: ArrayBuffer | Uint8Array | Int32Array | Uint32Array): number
}

export const ERRNO = {
  interrupted: 4,
  badFile: 9,
  again: 11,
  noBuffers: 105,
  hostUnreachable: 113,
  inProgress: 115,
} as const
export const FAMILY = { ipv4: 2, ipv6: 10 } as const
export const SOCKET = { stream: 1, nonBlocking: 0o4000, closeOnExec: 0o2000000 } as const
export const LEVEL = { socket: 1, tcp: 6 } as const
export const OPTION = { error: 4, linger: 13, noDelay: 1, timestampNs: 35 } as const
export const MESSAGE = { dontWait: 0x40, noSignal: 0x4000 } as const
export const SHUT_WRITE = 1
export const CLOCK_REALTIME = 0
/** `roundRobin` goes before all others, too. `notInherited`: by threads and processes that this one starts. */
export const SCHEDULER = { normal: 0, first: 1, roundRobin: 2, notInherited: 0x40000000 } as const
/** struct sched_param: the lowest that `first` knows, and what `normal` has. */
export const PRIORITY = { first: Int32Array.of(1), normal: Int32Array.of(0) } as const

/** The same numbers on every architecture. glibc has a function for the first since 2.35 only, and none for the others. */
const SYSTEM_CALL = { epollPwait2: 441, uringSetup: 425, uringEnter: 426, uringRegister: 427 } as const
const MAP = { readAndWrite: 3, sharedAndPresent: 0x8001, anonymous: 0x20 } as const
const SIGNAL_SET_BYTES = 8
const PR_SET_TIMERSLACK = 29

/** Memory for a structure, in numbers of 32 bits. Small arrays lie in V8's heap otherwise, which moves them. */
export function fixedMemory(length: number): Uint32Array {
  return new Uint32Array(new ArrayBuffer(4 * length))
}

/** Writes where something lies into a structure. */
export function setAddress(libc: Libc, structure: Uint32Array, at: number, of: Uint8Array | Uint32Array): void {
  const address = libc.address(of)
  structure[at] = address % 2 ** 32
  structure[at + 1] = Math.floor(address / 2 ** 32)
}

let loaded: Libc | null | undefined

/** `null` where it is no 64-bit Linux, its kernel is older than 5.11 or forbids the calls, or koffi is not installed. */
export function loadLibc(): Libc | null {
  if (loaded === undefined) loaded = process.platform === 'linux' && LAYOUTS.has(process.arch) ? tryToLoad() : null
  return loaded
}

/** Architectures whose structures are as they are written down here: 64 bits, little-endian. */
const LAYOUTS = new Set<string>(['x64', 'arm64'])

function tryToLoad(): Libc | null {
  let koffi: typeof import('koffi')
  try {
    koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
  } catch {
    return null
  }
  // Node itself is linked to the C library.
  const libc = koffi.load(null)
  const pwait2 = libc.func('int syscall(int, int, int64_t, int, int64_t, int64_t, int)')
  const setup = libc.func('int syscall(int, uint32_t, void *)')
  const enter = libc.func('int syscall(int, int, uint32_t, uint32_t, uint32_t, int64_t, int64_t)')
  const register = libc.func('int syscall(int, int, uint32_t, void *, uint32_t)')
  const mmap = libc.func('int64_t mmap(int64_t, size_t, int, int, int, int64_t)')
  const munmap = libc.func('int munmap(int64_t, size_t)')
  const accept4 = libc.func('int accept4(int, void *, void *, int)')
  const getScheduler = libc.func('int sched_getscheduler(int)')
  const setScheduler = libc.func('int sched_setscheduler(int, int, void *)')
  const prctl = libc.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)')
  const address: Libc['address'] = (array) => Number(koffi.address(array))
  const epollWaitNs: Libc['epollWaitNs'] = (epoll, events, most, timeout) =>
    pwait2(SYSTEM_CALL.epollPwait2, epoll, events, most, timeout, 0, SIGNAL_SET_BYTES)
  const nothing = fixedMemory(4)
  // An older kernel does not know the call, and a container may forbid it: neither gets as far as to look at the number.
  epollWaitNs(-1, address(nothing), 1, address(nothing))
  if (koffi.errno() !== ERRNO.badFile) return null
  return {
    socket: libc.func('int socket(int, int, int)'),
    connect: libc.func('int connect(int, void *, uint32_t)'),
    bind: libc.func('int bind(int, void *, uint32_t)'),
    listen: libc.func('int listen(int, int)'),
    accept: (fd, flags) => accept4(fd, null, null, flags),
    getsockname: libc.func('int getsockname(int, void *, void *)'),
    setsockopt: libc.func('int setsockopt(int, int, int, void *, uint32_t)'),
    getsockopt: libc.func('int getsockopt(int, int, int, void *, void *)'),
    recvmsg: libc.func('int recvmsg(int, int64_t, int)'),
    send: libc.func('int send(int, void *, int, int)'),
    shutdown: libc.func('int shutdown(int, int)'),
    close: libc.func('int close(int)'),
    inetPton: libc.func('int inet_pton(int, const char *, void *)'),
    epollCreate: libc.func('int epoll_create1(int)'),
    epollCtl: libc.func('int epoll_ctl(int, int, int, void *)'),
    epollWait: libc.func('int epoll_wait(int, int64_t, int, int)'),
    epollWaitNs,
    getScheduler: () => getScheduler(0),
    setScheduler: (policy, priority) => setScheduler(0, policy, priority),
    setTimerSlack: (ns) => prctl(PR_SET_TIMERSLACK, ns, 0, 0, 0),
    uringSetup: (entries, params) => setup(SYSTEM_CALL.uringSetup, entries, params),
    uringEnter: (ring, submit, waitFor, flags, argument, bytes) =>
      enter(SYSTEM_CALL.uringEnter, ring, submit, waitFor, flags, argument, bytes),
    uringRegister: (ring, operation, argument, count) =>
      register(SYSTEM_CALL.uringRegister, ring, operation, argument, count),
    map(bytes, fd, offset) {
      const flags = MAP.sharedAndPresent | (fd === -1 ? MAP.anonymous : 0)
      const at: number = mmap(0, bytes, MAP.readAndWrite, flags, fd, offset)
      return at === -1 ? null : koffi.view(at, bytes)
    },
    unmap: (memory) => munmap(address(memory), memory.byteLength),
    clockGettime: libc.func('int clock_gettime(int, void *)'),
    errno: () => koffi.errno() as number,
    address,
  }
}

/** Tried out, and taken back: a permission says less, since a control group may forbid it, too. */
export function mayGoFirst(libc: Libc): boolean {
  const policy = libc.getScheduler()
  if (policy !== SCHEDULER.normal) return policy === SCHEDULER.first || policy === SCHEDULER.roundRobin
  if (libc.setScheduler(SCHEDULER.first, PRIORITY.first) === -1) return false
  libc.setScheduler(SCHEDULER.normal, PRIORITY.normal)
  return true
}

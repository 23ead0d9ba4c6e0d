// A listening socket of a DirectLoop: of the built-in servers, on this machine only.
import { INTEREST, type Watcher } from './backend.ts'
import type { DirectLoop } from './direct-loop.ts'
import { FAMILY, type Libc, SOCKET } from './libc.ts'
import { socketAddress } from './socket-address.ts'
import { BACKLOG } from './types.ts'

const HOST = '127.0.0.1'
const PORT_AT = 2

export class DirectListener implements Watcher {
  readonly #libc: Libc
  readonly #fd: number
  readonly #onAccept: (fd: number) => void
  readonly port: number

  /** @throws Error when there is no port to be had */
  constructor(libc: Libc, loop: DirectLoop, onAccept: (fd: number) => void) {
    this.#libc = libc
    this.#onAccept = onAccept
    const { fd, address, listens } = listenLocally(libc, BACKLOG)
    if (!listens) throw new Error(`cannot listen on ${HOST}: error ${libc.errno()}`)
    this.#fd = fd
    this.port = address.readUInt16BE(PORT_AT)
    loop.watch(this.#fd, this, INTEREST.accepting)
  }

  onReady(): void {
    const flags = SOCKET.nonBlocking | SOCKET.closeOnExec
    for (let fd = this.#accept(flags); fd !== -1; fd = this.#accept(flags)) this.#onAccept(fd)
  }

  onRead(): void {}

  onReadEnd(): void {}

  #accept(flags: number): number {
    return this.#libc.accept(this.#fd, flags)
  }
}

interface Listening {
  readonly fd: number
  readonly address: Buffer
  /** Or see `errno`. */
  readonly listens: boolean
}

export function listenLocally(libc: Libc, backlog: number): Listening {
  const fd = libc.socket(FAMILY.ipv4, SOCKET.stream | SOCKET.nonBlocking | SOCKET.closeOnExec, 0)
  const address = socketAddress(libc, HOST, 0)
  const listens = libc.bind(fd, address, address.length) === 0 && libc.listen(fd, backlog) === 0
  if (listens) libc.getsockname(fd, address, Int32Array.of(address.length))
  return { fd, address, listens }
}

// Options of every TCP connection of a DirectLoop.
import { LEVEL, type Libc, OPTION } from './libc.ts'

const ON = Int32Array.of(1)
/** Off after 0 seconds: what is not sent is thrown away, and the other side is told so. */
const ABRUPTLY = Int32Array.of(1, 0)

/** Sends at once, and tells when bytes came in. */
export function setTimelyOptions(libc: Libc, fd: number): void {
  libc.setsockopt(fd, LEVEL.tcp, OPTION.noDelay, ON, ON.byteLength)
  libc.setsockopt(fd, LEVEL.socket, OPTION.timestampNs, ON, ON.byteLength)
}

/** When it is closed, it is reset. */
export function setAbrupt(libc: Libc, fd: number): void {
  libc.setsockopt(fd, LEVEL.socket, OPTION.linger, ABRUPTLY, ABRUPTLY.byteLength)
}

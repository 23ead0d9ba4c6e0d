// A TCP address as connect(2) takes it: struct sockaddr_in and struct sockaddr_in6.
import { isIPv6 } from 'node:net'
import { FAMILY, type Libc } from './libc.ts'

const IPV4 = { bytes: 16, addressAt: 4 } as const
const IPV6 = { bytes: 28, addressAt: 8 } as const

/** @param address IPv4 or IPv6, without brackets. @throws RangeError for anything else */
export function socketAddress(libc: Libc, address: string, port: number): Buffer {
  const isV6 = isIPv6(address)
  const family = isV6 ? FAMILY.ipv6 : FAMILY.ipv4
  const { bytes, addressAt } = isV6 ? IPV6 : IPV4
  const encoded = Buffer.alloc(bytes)
  // The family is a number of the machine, the port one of the network.
  new Uint16Array(encoded.buffer, encoded.byteOffset, 1)[0] = family
  encoded.writeUInt16BE(port, 2)
  if (libc.inetPton(family, address, encoded.subarray(addressAt)) !== 1) {
    throw new RangeError(`not an address: ${address}`)
  }
  return encoded
}

// HPACK's static table (RFC 7541, appendix A). Index 1 is the first entry, so position 0 is a filler.

export type HeaderField = readonly [name: string, value: string]

const STATUS_CODES = ['200', '204', '206', '304', '400', '404', '500']

// Entries 15 to 61, of which only `accept-encoding` has a value.
const NAMES_FROM_15 =
  'accept-charset accept-encoding accept-language accept-ranges accept access-control-allow-origin age allow ' +
  'authorization cache-control content-disposition content-encoding content-language content-length content-location ' +
  'content-range content-type cookie date etag expect expires from host if-match if-modified-since if-none-match ' +
  'if-range if-unmodified-since last-modified link location max-forwards proxy-authenticate proxy-authorization range ' +
  'referer refresh retry-after server set-cookie strict-transport-security transfer-encoding user-agent vary via ' +
  'www-authenticate'

export const STATIC_TABLE: readonly HeaderField[] = [
  ['', ''],
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  ...STATUS_CODES.map((code): HeaderField => [':status', code]),
  ...NAMES_FROM_15.split(' ').map((name): HeaderField => [name, name === 'accept-encoding' ? 'gzip, deflate' : '']),
]

/** Index of the first entry of the dynamic table. */
export const FIRST_DYNAMIC_INDEX = STATIC_TABLE.length

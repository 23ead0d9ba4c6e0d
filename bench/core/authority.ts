// The authority of a URL as `Host` and `:authority` carry it (RFC 9110, section 7.2): the same for probes and for the load.

/** `host:port`, an IPv6 address in brackets; the scheme's default port is left out. */
export function authorityOf(
  { host, port }: { readonly host: string; readonly port: number },
  tls: { readonly serverName: string | null } | null,
): string {
  // The name that the certificate must bear is the name of the site, whatever address it is reached at.
  const name = tls?.serverName ?? host
  const bracketed = name.includes(':') && !name.startsWith('[') ? `[${name}]` : name
  return port === (tls === null ? 80 : 443) ? bracketed : `${bracketed}:${port}`
}

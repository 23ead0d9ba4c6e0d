import { expect, it } from 'vitest'
import { authorityOf } from './authority.ts'

it.each([
  [{ host: 'localhost', port: 80 }, null, 'localhost'],
  [{ host: 'localhost', port: 8000 }, null, 'localhost:8000'],
  [{ host: 'localhost', port: 443 }, null, 'localhost:443'],
  [{ host: 'svc.example', port: 443 }, { serverName: null }, 'svc.example'],
  [{ host: '10.0.0.1', port: 443 }, { serverName: 'svc.example' }, 'svc.example'],
  [{ host: '10.0.0.1', port: 8443 }, { serverName: 'svc.example' }, 'svc.example:8443'],
  [{ host: '::1', port: 80 }, null, '[::1]'],
  [{ host: '[::1]', port: 8000 }, null, '[::1]:8000'],
])('the authority of %j with %j is %s', (address, tls, authority) => {
  expect(authorityOf(address, tls)).toBe(authority)
})

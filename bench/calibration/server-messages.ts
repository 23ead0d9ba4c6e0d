// What a built-in server's process and its parent say to each other.
import type { CalibrationAnswer } from './answers.ts'
import type { ServerRecord } from './attendant.ts'
import type { Behaviour } from './behaviour.ts'

export interface ServerSetting {
  readonly protocol: 'http' | 'grpc'
  readonly answer: CalibrationAnswer
  readonly behaviour: Behaviour
}

/** Each is answered once, with its kind and number; servers are told apart by their port. */
export type ToServer =
  | { readonly kind: 'serve'; readonly number: number; readonly setting: ServerSetting }
  | { readonly kind: 'count'; readonly number: number; readonly port: number }
  | { readonly kind: 'record'; readonly number: number; readonly port: number }

export type FromServer =
  | { readonly kind: 'serve'; readonly number: number; readonly port: number }
  | { readonly kind: 'count'; readonly number: number; readonly answered: number }
  | { readonly kind: 'record'; readonly number: number; readonly record: ServerRecord }

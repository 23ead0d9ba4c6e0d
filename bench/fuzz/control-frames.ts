// Frames about the connection, as a server may send them at any time, and frames that it must not send.
import type { Random } from '../core/random.ts'
import { FRAME, SETTING, writeUint32 } from '../protocol/http2-frames.ts'
import type { FrameWriter } from './frame-writer.ts'

const SETTINGS_VALUES: readonly (readonly [number, readonly number[]])[] = [
  [SETTING.headerTableSize, [0, 100, 4096, 65_536]],
  [SETTING.enablePush, [0]],
  [SETTING.maxFrameSize, [16_384, 16_777_215]],
  [SETTING.maxHeaderListSize, [0, 1000]],
  [0x99, [1, 2]],
  // The last two decide which requests are sent when.
  [SETTING.initialWindowSize, [0, 1, 100, 65_535, 1_000_000]],
  [SETTING.maxConcurrentStreams, [0, 1, 2, 100]],
]

/** How far frames may interfere with what goes on. */
export interface Reach {
  /** Of an open answer, which a frame may be about, or end; 0: all answers are left alone. */
  readonly streamId: number
  /** Requests that SETTINGS must not keep from being sent. */
  readonly spares: 'none' | 'begun' | 'all'
}

/** A frame that is right at any time between header blocks. */
export function writeControlFrame(writer: FrameWriter, random: Random, reach: Reach): 'acknowledged' | 'sent' {
  const { streamId } = reach
  switch (random.below(9)) {
    case 0:
      writer.frame(FRAME.settings, 1, 0, [])
      return 'acknowledged'
    case 1:
      writer.frame(FRAME.settings, 0, 0, settings(random, reach.spares))
      break
    case 2:
    case 3:
      writer.frame(FRAME.ping, random.below(3) === 0 ? 1 : 0, 0, noise(random, 8))
      break
    case 4:
      writer.frame(FRAME.priority, 0, streamId, noise(random, 5))
      break
    case 5:
      writer.frame(0x0b + random.below(200), random.below(256), random.below(9), noise(random, random.below(30)))
      break
    case 6:
      if (streamId === 0) writer.frame(FRAME.settings, 0, 0, [])
      else if (random.below(6) === 0) writer.frame(FRAME.resetStream, 0, streamId, uint32(random.below(15)))
      else writer.frame(FRAME.data, 0, streamId, [])
      break
    default:
      writer.frame(FRAME.windowUpdate, 0, random.below(2) * streamId, uint32(1 + random.below(70_000)))
  }
  return 'sent'
}

/** A frame that is wrong, or most probably so. */
export function writeBrokenRule(writer: FrameWriter, random: Random, streamId: number): void {
  const anyId = [0, 1, 2, streamId, streamId + 2, 2 ** 31 - 1, 0xffffffff][random.below(7)] ?? 0
  const lastId = random.below(3) === 0 ? 2 ** 31 - 1 : random.below(streamId + 4)
  switch (random.below(9)) {
    case 0:
      writer.frame(random.below(10), random.below(256), anyId, noise(random, random.below(40)))
      break
    case 1:
      writer.frame(FRAME.settings, 0, 0, [
        ...settings(random, 'none'),
        0,
        random.below(7),
        ...noise(random, random.below(5)),
      ])
      break
    case 2:
      writer.frame(FRAME.windowUpdate, 0, random.below(2) * streamId, uint32(random.below(2) * (2 ** 31 - 1)))
      break
    case 3:
      writer.frame(FRAME.goAway, 0, 0, [...uint32(lastId), ...uint32(random.below(15)), ...noise(random, 6)])
      break
    case 4:
      writer.frame(FRAME.headers, random.below(256), anyId, noise(random, random.below(60)))
      break
    case 5:
      writer.frame(FRAME.continuation, random.below(2) * 4, anyId, noise(random, random.below(9)))
      break
    case 6:
      writer.frame(FRAME.data, random.below(256), anyId, noise(random, random.below(60)))
      break
    case 7:
      // 16 KiB and a little more are on both sides of the longest frame.
      writer.frame(FRAME.data, 0, streamId, new Uint8Array(16_380 + random.below(9)))
      break
    default:
      writer.frame(FRAME.ping, 0, 0, noise(random, random.below(12)))
  }
}

function settings(random: Random, spares: Reach['spares']): number[] {
  const possible = SETTINGS_VALUES.length - { none: 0, begun: 1, all: 2 }[spares]
  const payload: number[] = []
  for (let count = random.below(3); count > 0; count--) {
    const [identifier, values] = SETTINGS_VALUES[random.below(possible)] ?? [0, []]
    payload.push(0, identifier, ...uint32(values[random.below(values.length)] ?? 0))
  }
  return payload
}

function noise(random: Random, length: number): number[] {
  return Array.from({ length }, () => random.below(256))
}

function uint32(value: number): number[] {
  const bytes = new Uint8Array(4)
  writeUint32(bytes, 0, value)
  return [...bytes]
}

// What a gRPC client says first on a connection: always the same bytes.
import {
  CLIENT_PREFACE,
  DEFAULT_WINDOW_BYTES,
  FRAME,
  LARGEST_WINDOW_BYTES,
  numberFrame,
  SETTING,
  settingsFrame,
} from '../protocol/http2-frames.ts'
import { MAX_HEADER_LIST_BYTES } from './grpc-response-headers.ts'
import { STREAM_WINDOW_BYTES } from './grpc-stream.ts'

/** A table of 0 bytes makes equal trailers equal bytes. */
export const CLIENT_HELLO = Buffer.concat([
  CLIENT_PREFACE,
  settingsFrame([
    [SETTING.headerTableSize, 0],
    [SETTING.enablePush, 0],
    [SETTING.initialWindowSize, STREAM_WINDOW_BYTES],
    [SETTING.maxHeaderListSize, MAX_HEADER_LIST_BYTES],
  ]),
  numberFrame(FRAME.windowUpdate, 0, LARGEST_WINDOW_BYTES - DEFAULT_WINDOW_BYTES),
])

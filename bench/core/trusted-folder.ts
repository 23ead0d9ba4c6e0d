// Whether a folder that dyno takes programs and process ids from belongs to the user: anybody's else could be a trap.
import { lstatSync, statSync } from 'node:fs'
import { BenchError } from './errors.ts'

const OTHERS_MAY_WRITE = 0o002
const GROUP_MAY_WRITE = 0o020

/** A folder that is not there is nobody's. @throws BenchError `folder-not-yours` */
export function checkTrusted(dir: string, uid = process.getuid?.(), gid = process.getgid?.()): void {
  if (uid === undefined) return
  const link = lstatSync(dir, { throwIfNoEntry: false })
  if (link === undefined) return
  // A link to another disk is the user's own, and leads to a folder of his own.
  const status = link.isSymbolicLink() && link.uid === uid ? statSync(dir, { throwIfNoEntry: false }) : link
  if (status === undefined) return
  const why = !status.isDirectory()
    ? 'it is no folder'
    : status.uid !== uid
      ? `it belongs to another user (${status.uid})`
      : (status.mode & OTHERS_MAY_WRITE) !== 0
        ? 'everybody may write it'
        : (status.mode & GROUP_MAY_WRITE) !== 0 && status.gid !== gid
          ? `a group of others may write it (${status.gid})`
          : null
  if (why === null) return
  throw new BenchError({
    kind: 'environment',
    code: 'folder-not-yours',
    message: `dyno takes programs and process ids from this folder, and it cannot be trusted: ${why}`,
    place: dir,
    hint: 'name a folder of your own: DYNO_STATE_DIR=~/.cache/dyno, or remove this one, or mend its owner and mode',
  })
}

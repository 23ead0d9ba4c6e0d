// The flags of every Node that makes load or answers it. bin/dyno.js, package.json and ci/gate.sh repeat them.

/**
 * Young garbage is collected by the thread that made it: where every core is busy, a load thread that shares the work with
 * V8's helpers waits until they get a core, and sends late. (Old garbage is left to them: without, memory grows.)
 */
export const NODE_FLAGS: readonly string[] = ['--no-parallel-scavenge']

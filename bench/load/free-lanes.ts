// The lanes that carry no request: the one that became free last goes first, since its connection is warm and not about to be
// closed as idle; with several addresses behind a name, each address in turn.

export class FreeLanes {
  readonly #lanes: Int32Array
  readonly #counts: Int32Array
  readonly #groups: number
  readonly #room: number
  #next = 0
  #total: number

  /** @param groups lane i belongs to group i modulo this */
  constructor(lanes: number, groups: number) {
    this.#groups = Math.min(groups, lanes)
    this.#room = Math.ceil(lanes / this.#groups)
    this.#lanes = new Int32Array(this.#groups * this.#room)
    this.#counts = new Int32Array(this.#groups)
    this.#total = 0
    for (let lane = lanes - 1; lane >= 0; lane--) this.add(lane)
  }

  get isEmpty(): boolean {
    return this.#total === 0
  }

  add(lane: number): void {
    const group = lane % this.#groups
    const count = this.#counts[group] as number
    this.#lanes[group * this.#room + count] = lane
    this.#counts[group] = count + 1
    this.#total++
  }

  /** Only while there is one. */
  take(): number {
    let group = this.#next
    while (this.#counts[group] === 0) group = group + 1 === this.#groups ? 0 : group + 1
    this.#next = group + 1 === this.#groups ? 0 : group + 1
    const count = (this.#counts[group] as number) - 1
    this.#counts[group] = count
    this.#total--
    return this.#lanes[group * this.#room + count] as number
  }
}

/** Hands out IPv4 addresses of a subnet, as the VPC does: the first four and the last are AWS' own. */
export class AddressPool {
  readonly #first: number;
  readonly #last: number;
  readonly #taken = new Set<number>();
  #next: number;

  constructor(cidr: string) {
    const [network = "", bits = "32"] = cidr.split("/");
    const size = 2 ** (32 - Number(bits));
    const base = toNumber(network);
    this.#first = base + 4;
    this.#last = base + size - 2;
    // From the middle: the instances' own addresses are rather at random, and collisions are skipped anyway.
    this.#next = base + Math.floor(size / 2);
  }

  reserve(address: string): void {
    this.#taken.add(toNumber(address));
  }

  release(address: string): void {
    this.#taken.delete(toNumber(address));
  }

  /** Undefined when the subnet is used up. */
  take(): string | undefined {
    for (let tried = this.#first; tried <= this.#last; tried += 1) {
      if (this.#next > this.#last || this.#next < this.#first) this.#next = this.#first;
      const candidate = this.#next;
      this.#next += 1;
      if (this.#taken.has(candidate)) continue;
      this.#taken.add(candidate);
      return toText(candidate);
    }
    return undefined;
  }
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** Lets `width` pass at a time, in the order they came. */
export class Gate {
  private readonly waiting: (() => void)[] = [];
  private readonly width: number;
  private free: number;
  constructor(width: number) {
    this.width = width;
    this.free = width;
  }
  get isIdle(): boolean {
    return this.free === this.width;
  }
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.free === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.free -= 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}

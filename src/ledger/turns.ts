/** Lets one caller in at a time, in the order of arrival. */
export class Turns {
  private last: Promise<void> = Promise.resolve()

  /** Resolves when it is the caller's turn, with the function that ends it. Calling that twice does nothing. */
  async take(): Promise<() => void> {
    const before = this.last
    let end: () => void = () => {}
    this.last = new Promise(resolve => {
      end = resolve
    })
    await before
    return end
  }
}

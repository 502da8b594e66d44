/**
 * Prints the run's closing line, `N passed, N failed`, when the process exits and nothing can follow
 * it; and before it why each skipped test was skipped, so that no run is greener than it looks.
 *
 * A test that has no result (its worker died), a file that does not load, and an error outside of
 * every test count as failed.
 */
export class SummaryReporter {
  #passed = 0;
  #failed = 0;
  /** Number of tests skipped, by the reason that they gave. */
  #skipped = new Map();

  onInit() {
    process.once("exit", (code) => this.#print(code));
  }

  onTestRunEnd(modules, unhandledErrors) {
    this.#passed = 0;
    this.#failed = unhandledErrors.length;
    this.#skipped.clear();
    for (const module of modules) this.#countModule(module);
  }

  #countModule(module) {
    const failedBefore = this.#failed;
    for (const test of module.children.allTests()) this.#countTest(test.result());
    // A file that did not load, or a hook that threw, has no failed test to show for it.
    const isBroken = module.state() !== "passed" && module.state() !== "skipped";
    if (isBroken && this.#failed === failedBefore) this.#failed++;
  }

  #countTest({ state, note = "no reason given" }) {
    if (state === "passed") this.#passed++;
    else if (state === "skipped") this.#skipped.set(note, (this.#skipped.get(note) ?? 0) + 1);
    else this.#failed++;
  }

  #print(code) {
    // Vitest may fail for a reason of its own, e.g. that it found no tests.
    const failed = code !== 0 && this.#failed === 0 ? 1 : this.#failed;
    for (const [note, count] of this.#skipped) process.stdout.write(`${count} skipped: ${note}\n`);
    process.stdout.write(`${this.#passed} passed, ${failed} failed\n`);
  }
}
